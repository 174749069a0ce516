"""All rules of a whole plan, in one list."""

from collections.abc import Callable

from dlspec.rules.aligned_sequences import report_aligned_sequences
from dlspec.rules.augmentation import report_augmented_inputs, report_augmented_targets
from dlspec.rules.backend import report_backend_limits
from dlspec.rules.balanced_draw import report_balanced_draw
from dlspec.rules.between_sections import report_missing_sections, report_training_references
from dlspec.rules.callback_files import (
    report_file_endings,
    report_network,
    report_shared_files,
    report_stray_files,
)
from dlspec.rules.data_against_model import report_data_against_model
from dlspec.rules.data_section import report_data_section
from dlspec.rules.database_queries import report_database_queries
from dlspec.rules.dropped_masks import warn_of_dropped_masks
from dlspec.rules.evaluation import report_measures
from dlspec.rules.feature_key_pairs import report_feature_key_pairs
from dlspec.rules.feature_readers import (
    report_small_embeddings,
    warn_of_augmentation,
    warn_of_pixels,
)
from dlspec.rules.filled_names import report_filled_names
from dlspec.rules.gates import report_gates
from dlspec.rules.generation import report_generation
from dlspec.rules.joined_rows import report_joined_rows
from dlspec.rules.keras_metrics import report_evaluated_keras_metrics, report_keras_metrics
from dlspec.rules.keras_source_keys import report_keras_source_keys
from dlspec.rules.layers_in_training import (
    report_state_across_samples,
    report_unfitted_layers,
)
from dlspec.rules.losses import (
    report_class_loss_on_numbers,
    report_head_width,
    report_ignored_class,
    report_logits,
    report_loss_on_target,
    report_sigmoid_classes,
    report_unclear_logits,
)
from dlspec.rules.mel_bins import report_mel_spectra
from dlspec.rules.misplaced_draws import report_draws_in_outputs
from dlspec.rules.name_patterns import report_name_patterns
from dlspec.rules.params import report_unread_params
from dlspec.rules.retraining import report_retraining
from dlspec.rules.sample_weight import report_sample_weight
from dlspec.rules.series_windows import report_series_windows
from dlspec.rules.subject import Checked
from dlspec.rules.tags_and_owners import report_tags_and_owners
from dlspec.rules.term_names import report_term_names
from dlspec.rules.text_line_keys import report_text_lines
from dlspec.rules.training import report_callback_needs, report_monitors, warn_of_training_flags
from dlspec.rules.turn_keys import report_turns
from dlspec.rules.uneven_schedules import report_uneven_schedules
from dlspec.rules.untargeted import report_missing_targets, report_untargeted_training
from dlspec.rules.word_contexts import report_word_contexts

# In the order in which findings at one place are told.
RULES: tuple[Callable[[Checked], None], ...] = (
    report_missing_sections,
    report_training_references,
    report_data_section,
    report_series_windows,
    report_feature_key_pairs,
    report_text_lines,
    report_keras_source_keys,
    report_database_queries,
    report_name_patterns,
    report_mel_spectra,
    report_balanced_draw,
    report_joined_rows,
    report_word_contexts,
    report_missing_targets,
    report_untargeted_training,
    report_retraining,
    report_data_against_model,
    report_augmented_inputs,
    report_augmented_targets,
    report_logits,
    report_loss_on_target,
    report_class_loss_on_numbers,
    report_aligned_sequences,
    report_sample_weight,
    report_head_width,
    report_ignored_class,
    report_sigmoid_classes,
    report_unclear_logits,
    report_keras_metrics,
    report_evaluated_keras_metrics,
    report_small_embeddings,
    report_term_names,
    report_turns,
    report_draws_in_outputs,
    report_monitors,
    report_callback_needs,
    report_uneven_schedules,
    report_stray_files,
    report_file_endings,
    report_filled_names,
    report_shared_files,
    report_network,
    warn_of_pixels,
    warn_of_augmentation,
    warn_of_training_flags,
    report_gates,
    report_backend_limits,
    report_unfitted_layers,
    report_state_across_samples,
    warn_of_dropped_masks,
    report_generation,
    report_measures,
    report_tags_and_owners,
    report_unread_params,
)


def check(checked: Checked) -> None:
    """Report every whole-plan rule that a spec breaks."""
    for rule in RULES:
        rule(checked)
