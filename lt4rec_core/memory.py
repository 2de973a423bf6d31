"""What libraries say when the machine has no more memory to give."""

from __future__ import annotations

_MESSAGES = ("can't allocate memory", "cannot allocate memory", "out of memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error`, of whichever library, says that there is no more memory."""
    return isinstance(error, MemoryError) or any(said in str(error).lower() for said in _MESSAGES)


def out_of_memory(error: BaseException) -> str:
    """Says so in words, and what to do."""
    said = f": {str(error).splitlines()[0]}" if str(error) else ""
    return (
        f"there was no more memory ({type(error).__name__}{said}); give the step more, or let it "
        "take less (fewer comparison.processes, a smaller optimizer.batch_size), and run again: "
        "finished steps are kept"
    )
