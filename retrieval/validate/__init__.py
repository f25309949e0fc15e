"""Does a BEIR folder keep the format, and what of it can be mended without asking?

``rules`` lists every rule once; ``lines``, ``objects`` and ``judgments`` hold a line against them and say what it
should be; ``examine`` goes through a folder, ``fix`` writes what the lines should be.
"""

from retrieval.validate.examine import examine, validate
from retrieval.validate.fault import Fault, Validation
from retrieval.validate.fix import Fixed, fix
from retrieval.validate.rules import RULES, Rule

__all__ = ["RULES", "Fault", "Fixed", "Rule", "Validation", "examine", "fix", "validate"]
