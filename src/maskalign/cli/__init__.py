"""The command line. Heavy modules are imported by the commands that need them."""

__all__ = ["main"]


def main() -> None:
    """Run ``maskalign`` with the arguments of this process, and exit."""
    from maskalign.cli.program import program

    program(prog_name="maskalign")
