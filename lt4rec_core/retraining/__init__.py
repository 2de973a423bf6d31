"""What a daily run adds to the training pipeline: it starts from the champion."""
