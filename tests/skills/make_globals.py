"""behaviour.wat with as many globals as a component may have, for the bench: make_globals.py IN OUT"""
import pathlib
import sys

text = pathlib.Path(sys.argv[1]).read_text()
wanted = "(global $secret"
assert wanted in text
pathlib.Path(sys.argv[2]).write_text(text.replace(wanted, "(global (mut i64) (i64.const 7))" * 19990 + wanted))
