"""auditor app: the program in a browser of this machine.

It decides nothing about files. Work is done by the commands, as processes of their own that say what happens as data
(`auditor COMMAND --events`, docs/automation.md); what they found is read from the files that they wrote.
"""
