"""What stops a command before or during its work: one class a failure, each with its exit code and one sentence."""

from __future__ import annotations


class AuditorError(Exception):
    """A failure to show to the user as one sentence: what happened, to which file, what to do."""

    exit_code = 2


class BadPlace(AuditorError):
    """The place named on the command line is not there, or cannot do what is asked of it."""


class Unwritable(BadPlace):
    """Nothing can be written in the place: it is read-only, full, or belongs to another user."""


class RootGone(BadPlace):
    """The folder that is worked on is not there any more: a disk was unplugged, a share or phone went away."""


class BeneathGone(RootGone):
    """A disk that is mounted beneath the folder that is worked on is not there any more, or another one is."""


class RootReplaced(BadPlace):
    """At the path of the folder that is worked on lies another one now; nothing is written to it."""


class LeadsOut(BadPlace):
    """A name that would lead out of its folder, through a link or by itself; nothing is done through it."""


class ChangedWhileRead(OSError):
    """A file was not the same after reading as before; another try may find it at rest."""


class ChangedSinceListed(OSError):
    """A file is another one, or holds other bytes, than its list has: the list says nothing of these."""


class ListingCut(AuditorError):
    """A listing broke off (a cable, a network, a damaged archive): what was listed is true, the rest is unknown."""


class BadManifest(AuditorError):
    """A manifest is not one, was cut off, or was changed after it was written."""


class BadRule(AuditorError):
    """A rule file cannot be read as a rule."""


class BadPolicy(AuditorError):
    """A policy, waivers or baseline file cannot be understood."""


class BadConfig(AuditorError):
    """The user's config cannot be understood, is not the user's own, or cannot be written."""


class BadPlan(AuditorError):
    """A plan of removals, or the journal of one, cannot be trusted; nothing was touched."""


class BadOutput(AuditorError):
    """The output is there already, or lies where nothing may be written."""


class PartitionBroken(AuditorError):
    """The counts of an audit do not add up; nothing is printed rather than a wrong sum."""


class Interrupted(AuditorError):
    """The user stopped the work."""

    exit_code = 130
