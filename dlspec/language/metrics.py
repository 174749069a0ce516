"""What `evaluation.metrics` may name."""

CLASSIFICATION_METRICS = (
    "accuracy",
    "balanced_accuracy",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "f1_weighted",
    "log_loss",
    "roc_auc",
)


REGRESSION_METRICS = ("mae", "mse", "rmse", "r2")


SEQUENCE_METRICS = ("token_accuracy", "sequence_accuracy")


METRICS = (*CLASSIFICATION_METRICS, *REGRESSION_METRICS, *SEQUENCE_METRICS)


# Of the sequences that `prediction.generate` gives for the inputs of the test rows.
GENERATED_METRICS = ("generated_token_accuracy", "generated_sequence_accuracy", "generated_bleu")


# Known from the plan or the training, so a gate may ask for them without a metric.
GATED_WITHOUT_METRIC = ("loss", "parameters", "flops")
