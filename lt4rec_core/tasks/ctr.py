"""pCTR: will the user click?"""

from lt4rec_core.tasks.task import EVERY_IMPRESSION, Task

CTR = Task(
    name="ctr",
    label="click",
    population=EVERY_IMPRESSION,
    loss="log_loss",
    metric="auc",
    weight=0.7,
)
