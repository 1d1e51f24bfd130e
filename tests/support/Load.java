import java.io.FileInputStream;
import java.io.InputStream;
import org.eclipse.rdf4j.model.Statement;
import org.eclipse.rdf4j.rio.ParseErrorListener;
import org.eclipse.rdf4j.rio.RDFParser;
import org.eclipse.rdf4j.rio.Rio;
import org.eclipse.rdf4j.rio.RioSetting;
import org.eclipse.rdf4j.rio.helpers.AbstractRDFHandler;
import org.eclipse.rdf4j.rio.helpers.BasicParserSettings;

/** Reads files as stores on RDF4J do, every check on; prints the statements and the complaints. */
public class Load {
    public static void main(String[] files) throws Exception {
        for (String file : files) {
            RDFParser parser = Rio.createParser(Rio.getParserFormatForFileName(file).get());
            for (RioSetting<Boolean> setting : java.util.List.of(
                    BasicParserSettings.VERIFY_DATATYPE_VALUES,
                    BasicParserSettings.VERIFY_LANGUAGE_TAGS,
                    BasicParserSettings.VERIFY_URI_SYNTAX,
                    BasicParserSettings.VERIFY_RELATIVE_URIS,
                    BasicParserSettings.FAIL_ON_UNKNOWN_DATATYPES,
                    BasicParserSettings.FAIL_ON_UNKNOWN_LANGUAGES)) {
                parser.getParserConfig().set(setting, true);
                parser.getParserConfig().addNonFatalError(setting);
            }
            parser.setParseErrorListener(new ParseErrorListener() {
                private void say(String message, long line) {
                    System.out.println(file + ":" + line + ": " + message);
                }

                public void warning(String message, long line, long column) {
                    say(message, line);
                }

                public void error(String message, long line, long column) {
                    say(message, line);
                }

                public void fatalError(String message, long line, long column) {
                    say(message, line);
                }
            });
            long[] count = {0};
            parser.setRDFHandler(new AbstractRDFHandler() {
                @Override
                public void handleStatement(Statement statement) {
                    count[0]++;
                }
            });
            try (InputStream in = new FileInputStream(file)) {
                parser.parse(in, "");
            }
            System.out.println("read " + count[0] + " " + file);
        }
    }
}
