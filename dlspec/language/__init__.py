"""Every word that a spec may say: sections, sources, features, metrics, the catalogue of Keras."""
