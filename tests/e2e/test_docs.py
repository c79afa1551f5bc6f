"""Pages that are made from the program say what it says."""
import subprocess

import e2e_support as support


def test_table_of_settings_is_the_programs(binary):
    table = subprocess.run([binary, "--help-config"], capture_output=True, text=True, timeout=120, check=True).stdout
    assert table.count("\n") > 10
    assert (support.ROOT / "docs/configuration.md").read_text().endswith("\n\n" + table), "replace the table by: pharia-kernel --help-config"


def test_tables_of_commands_are_the_programs(program):
    tables = subprocess.run([program, "--help-commands"], capture_output=True, text=True, timeout=120, check=True).stdout
    assert tables.count("\n") > 10
    assert (support.ROOT / "docs/evaluation.md").read_text().endswith("\n\n" + tables), "replace the tables by: resource-eval --help-commands"
