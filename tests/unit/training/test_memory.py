"""What a step frees, the next one takes without asking the kernel again."""

import platform
import resource

import pytest
import torch

from lt4rec_core.training.memory import keep_freed_memory


def faults_of_a_step():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    held = [torch.ones(6 << 20) for _ in range(5)]  # 24 MiB each, 6,144 pages
    del held
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_a_step_finds_the_memory_that_the_one_before_freed():
    keep_freed_memory()
    assert min(faults_of_a_step() for _ in range(8)) < 1000  # the heap finds its shape first
