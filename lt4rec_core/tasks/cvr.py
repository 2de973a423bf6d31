"""pCVR: what share of the video will be watched, known on clicks only?"""

from lt4rec_core.tasks.task import Task

CVR = Task(
    name="cvr",
    label="watch_ratio",
    population="click",
    loss="squared_error",
    metric="mse",
    weight=0.3,
)
