"""Thin Kubeflow components: unpack artifacts, call one stage of the core, pack."""
