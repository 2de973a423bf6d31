"""The base network: embeddings, interaction, towers."""
