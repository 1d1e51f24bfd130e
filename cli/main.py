"""The entry point: finds the command, runs it, turns errors into words and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import typer

from catchup.cli.output import fail
from catchup.kg.errors import CannotRun, CatchupError

#: Commands in the order in which --help lists them. A command's module is imported only when it is
#: asked for: `catchup check` must answer in 1.5 s and the server alone takes half of that to import.
COMMANDS = {
    "build": "catchup.cli.build",
    "serve": "catchup.cli.serve",
    "query": "catchup.cli.query",
    "check": "catchup.cli.check",
    "new": "catchup.cli.new",
    "add": "catchup.cli.add",
    "withdraw": "catchup.cli.withdraw",
    "cases": "catchup.cli.cases",
    "evidence": "catchup.cli.evidence",
    "explain": "catchup.cli.explain",
    "compare": "catchup.cli.compare",
    "link": "catchup.cli.link",
    "export": "catchup.cli.export",
    "format": "catchup.cli.format",
    "diff": "catchup.cli.diff",
    "mcp": "catchup.cli.mcp",
    "backup": "catchup.cli.backup",
    "restore": "catchup.cli.restore",
}


def application(commands: Sequence[str]) -> typer.Typer:
    """Return the application with `commands` registered."""
    app = typer.Typer(
        name="catchup",
        help="A knowledge graph of how latecomer firms learn, served over SPARQL.\n\n"
        "Exit codes: 0 fine, 1 the thing checked is wrong, 2 could not run.",
        no_args_is_help=True,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        add_completion=True,
    )

    @app.callback()
    def root() -> None:
        """Keep sub-commands even when only one is registered."""

    for name in commands:
        module = importlib.import_module(COMMANDS[name])
        command = getattr(module, name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name=name)(command)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 fine, 1 found wrong, 2 could not run."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # what the shell asks completions for stands in its own variables (bash, then zsh and fish)
    typed = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    named = given[:1] or typed.split()[1:2]
    wanted = named if named and named[0] in COMMANDS else list(COMMANDS)
    try:
        code = application(wanted)(given, standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except CatchupError as error:
        fail(error)
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        fail(CannotRun(f"{error.filename or 'A file'}: {error.strerror}."))
    except Exception as error:
        usage(error)


def usage(error: Exception) -> None:
    """Show a usage error as the parser does and exit 2; any other error goes on."""
    show = getattr(error, "show", None)
    if show is None:
        raise error
    show()
    sys.exit(2)


if __name__ == "__main__":
    main()
