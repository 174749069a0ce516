"""What a reader writes who takes the second way that a help offers: edits of its text, in order."""

SECOND_WAYS: dict[str, list[tuple[str, str]]] = {
    "DL309_model_uses_itself": [("[{use: reader}", "[{Dense: 8, name: first}")],
    "DL529_boxes_left_behind": [
        (
            "{RandomFlip: horizontal}, ",
            "{RandomBrightness: {factor: 0.1, value_range: [0, 1]}}, ",
        )
    ],
    "DL529_blended_masks": [
        ("AugMix", "{RandomBrightness: {factor: 0.1, value_range: [-2, 2]}}"),
    ],
    "DL529_masks_of_two_pictures": [("RandomRotation: 0.1", "RandomGaussianBlur: 0.5")],
    "DL534_class_for_ctc": [
        ("{class: text, classes: 30}", "{text: text, length: 5, vocabulary: 30}"),
        ("units: 16}", "units: 16, return_sequences: true}"),
    ],
    "DL534_fewer_steps_than_ids": [("length: 5", "length: 4")],
    "DL216_mask_of_two_shapes": [
        ("shape: [16, 16], size", "size"),
        ("mask: vessel,", "mask: vessel, size: [16, 16],"),
    ],
    "DL216_sample_weight_of_a_batch": [("  sample_weight: quality\n", "")],
    "DL202_mode_of_a_term": [("monitor: val_small", "monitor: val_small, mode: max")],
    "DL202_mode_of_one_output": [
        ("monitor: val_price_loss", "monitor: val_price_loss, mode: max"),
        ("monitor: val_sold_accuracy, save", "monitor: val_sold_accuracy, mode: max, save"),
    ],
    "DL307_target_that_nothing_learns": [
        ("  targets: {digit: {class: target, classes: 10}}\n", "")
    ],
    "DL202_no_turns": [("  turns: []\n", "")],
    "DL216_keys_beside_turns": [
        ("  terms: {told_apart: 1.0}\n", ""),
        ("guess: 1.0}, optimizer: SGD", "guess: 1.0}, loss: true"),
        ("  callbacks: [{ReduceLROnPlateau: {monitor: loss}}]\n", ""),
    ],
    "DL522_turn_that_changes_nothing": [
        ("{told_apart: 1.0}, loss: true", "{told_apart: 1.0}"),
        ("    - {train: generator, terms: {seen_through: 1.0}, name: forger}\n", ""),
        ("[moon, discriminator], loss", "[moon, generator], terms: {seen_through: 0}, loss"),
    ],
    "DL526_turns_without_weights": [
        ("    - {train: [generator], terms: {seen_through: 1.0}}\n", ""),
        (
            "{train: [], terms: {told_apart: 1.0}, name: none}",
            "{train: [doubt], terms: {seen_through: 1.0}, name: none}",
        ),
    ],
    "DL527_weights_that_no_turn_moves": [
        ("name: calm, from", "name: calm, trainable: false, from"),
        ("train: discriminator", "train: [discriminator, generator]"),
    ],
    "DL407_draw_of_any_number": [("{shape: [null, 4]}", "")],
    "DL522_term_that_no_weight_changes": [
        ("    - {ops.mean: {args: [flatten], axis: -1}, name: light}\n", ""),
        ("    - {ops.argmax: {args: [digit], axis: -1}, name: said}\n", ""),
        ("    - {ops.cast: {args: [said], dtype: float32}, name: guess}\n", ""),
        ("  terms: {light: 0.1, guess: 0.1}\n", ""),
    ],
    "DL208_loss_of_unclear_logits": [
        ("    Squared:\n", "    Squared:\n      params: {from_logits: false}\n"),
        (
            "        - ops.square\n",
            "        - {if: $from_logits, ops.sigmoid: }\n        - ops.square\n",
        ),
    ],
    "DL305_loss_param": [("      params: {power: 2}\n", ""), ("{Squared: {power: 3}}", "Squared")],
    "DL306_loss_without_target": [
        ("        - {ops.sqrt: {args: [size]}, name: root}\n", ""),
        ("args: [prediction]}", "args: [miss]}"),
        (
            "        - {ops.abs",
            "        - {ops.subtract: {args: [prediction, target]}, name: miss}\n"
            "        - {ops.abs",
        ),
    ],
    "DL309_loss_uses_itself": [
        (
            "{Squared, from: [target, prediction]}",
            "ops.subtract: {args: [target, prediction]}\n"
            "        - {repeat: 2, ops.abs: }\n"
            "        - ops.mean: {axis: -1}",
        )
    ],
    "DL315_loss_unused": [
        (
            "  losses:\n"
            "    Squared:\n"
            "      graph:\n"
            "        - ops.subtract: {args: [prediction, target]}\n"
            "        - ops.square\n"
            "        - ops.mean: {axis: -1}\n",
            "",
        )
    ],
    "DL501_own_loss_of_logits": [("Dense: 1,", "Dense: [1, {activation: sigmoid}],")],
    "DL522_loss_of_a_rounded_prediction": [
        ("        - {ops.round: {args: [prediction]}, name: said}\n", ""),
        ("[said, target]", "[prediction, target]"),
    ],
    "DL523_loss_with_weights": [("        - Dense: 4\n", "")],
    "DL202_series_without_horizon": [
        ("{series: load}", "{series: load, window: input}"),
        ("[Flatten, {Dense: 1, name: future}]", "[{Dense: 1, name: future}]"),
    ],
    "DL216_series_told_apart_by_time": [("group: hour", "group: station")],
    "DL216_window_of_which_input": [
        ("window: input", "window: input, length: 24, step: 1"),
        ("Dense: 12", "Dense: 24"),
        ("[12, 1], name", "[24, 1], name"),
    ],
    "DL216_windows_that_do_not_fit": [
        ("gap: 2, window: input", "gap: 2, horizon: 24"),
        ("{Reshape: [24, 1], name: same}", "{Reshape: [24], name: same}"),
        ("horizon: 4, length: 24", "horizon: 4"),
        ("step: 2, window: input", "length: 24, step: 1, window: input"),
    ],
    "DL604_window_of_another_shape": [("[load, wind], window", "[load], window")],
    "DL108_merge_key": [
        ("model:\n", "model:\n  defaults: {Dense: {units: 10}}\n"),
        ("Dense: &head {units: 10}", "Dense"),
        ("<<: *head, ", ""),
    ],
    "DL201_arguments_not_indented": [
        ("      units: 10\n      activation", "        units: 10\n        activation")
    ],
    "DL201_keys_beside_their_section": [
        (
            "metrics: [accuracy]\ngates: {accuracy",
            "evaluation:\n  metrics: [accuracy]\n  gates: {accuracy",
        )
    ],
    "DL202_feature_without_size": [
        ("{image: images}", "{image: images, size: [8, 8], channels: 1, scale: $1/16}"),
        ("{class: target}", "{class: target, classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}"),
    ],
    "DL202_no_model": [
        ("description: nothing but a name", "model: {inputs: {x: [8]}, graph: [ReLU]}")
    ],
    "DL202_prediction_without_training": [
        ("prediction:\n  generate: {input: previous}\n", ""),
    ],
    "DL202_text_without_vocabulary": [
        (
            "length: 20}",
            "length: 20, like: heading}, heading: {text: title, vocabulary: 10000, length: 5}",
        ),
        ("dtype: int32}}", "dtype: int32}, heading: {shape: [5], dtype: int32}}"),
        (
            "{Embedding: [10000, 16]}",
            "{Concatenate, from: [review, heading]}\n    - {Embedding: [10000, 16]}",
        ),
    ],
    "DL202_training_without_data": [
        (
            "model:",
            "data: {source: {csv: a.csv}, inputs: {x: {vector: [a0..a7]}}, "
            "targets: {dense: {vector: [b0..b9]}}}\nmodel:",
        ),
    ],
    "DL203_metrics_mapping_of_numbers": [("metrics: 3", "metrics: [SparseCategoricalAccuracy]")],
    "DL203_patterns_and_ids": [
        ('{"0": 1.0, one: 2.0}', "balanced"),
        ('"[a-z"', '"[a-z]"'),
    ],
    "DL203_separator_of_many": [('"::"', r'"\t"')],
    "DL203_memory_without_a_unit": [("2000", "2GiB")],
    "DL203_memory_below_the_least": [("100KB", "100TB")],
    "DL206_metric_of_losses": [
        ("{class: y, classes: 3}", "{binary: y}"),
        ("[3, {activation: softmax}]", "[1, {activation: sigmoid}]"),
        ("loss: SparseCategoricalCrossentropy", "loss: BinaryCrossentropy"),
        ("crossentropy]", "BinaryCrossentropy]"),
    ],
    "DL207_five_mistakes": [
        (", depth: 4", ""),
    ],
    "DL216_a_single_label": [("[drama]", "[drama, comedy]"), ("Dense: [1,", "Dense: [2,")],
    "DL216_aligned_without_names": [(", aligned: true", "")],
    "DL216_class_weight_of_numbers": [("class_weight: balanced", "loss_weights: {price: 2.0}")],
    "DL216_keys_of_one_feature": [(", unknown: 2", ""), (", cut: start", "")],
    "DL216_labels_without_a_number": [
        ("labels: kinds", "labels: kinds, classes: [crime, drama, love]")
    ],
    "DL216_like_and_vocabulary": [(", like: said", "")],
    "DL216_mel_features": [
        ("seconds: 0.1", "seconds: 1"),
        (", upper: 8000", ""),
        ("lower: 4000", "lower: 100"),
        ("mel: 128, fft_length: 256", "mel: 128, fft_length: 512"),
    ],
    "DL216_rate_of_schedule": [
        ("{CosineDecay: {initial_learning_rate: 0.01, decay_steps: 100}}", "0.01")
    ],
    "DL216_rows_counted_for_a_loss": [("{metric: log_loss,", "{metric: accuracy,")],
    "DL216_separator_of_named_files": [
        ("{ham: ham.txt, spam: spam.txt}", "mails.txt"),
        ("{class: class,", '{class: "0",'),
        ("text: text,", 'text: "1",'),
    ],
    "DL216_test_rows_of_a_csv": [("test: given", "test: 0.15")],
    "DL216_unmarked_places_are_ignored": [
        ("{SparseCategoricalCrossentropy: {ignore_class: 0}}", "SparseCategoricalCrossentropy")
    ],
    "DL216_words_of_bpe": [("split: bpe", "split: words")],
    "DL309_takes_itself": [
        ("{spec: DL309_takes_itself.yaml}", "{inputs: {x: [8, 8, 1]}, graph: [Flatten]}")
    ],
    "DL301_use_of_a_weight": [
        (
            "{use: offset, from: once, name: twice}",
            "{use: once, from: [once, offset], name: twice}",
        ),
    ],
    "DL301_use_of_an_input": [("use: x", "use: kept")],
    "DL305_block_param": [(", rate: 0.5", "")],
    "DL305_for_variable": [(", rate: [0.1, 0.2]", "")],
    "DL305_param": [(", depth: 2", "")],
    "DL306_dead_in_a_block": [
        ("{Dense: 8, from: x}", "{Add, from: [x, unused]}"),
        ("x: [8]", "x: [8]"),
    ],
    "DL306_dead_input": [("{Dense: 10, from: x}", "{Concatenate, from: [x, y]}\n    - Dense: 10")],
    "DL306_dead_layer": [("    - {Dense: 8, name: forgotten}\n", "")],
    "DL306_implied_input": [
        (
            "  inputs: {size: {number: size}, rooms: {number: rooms}}",
            "  inputs: {size: {number: size}}",
        )
    ],
    "DL306_output_hides_the_rest": [("    - {Dense: 4, name: after}\n", "")],
    "DL306_output_that_nothing_reads": [
        ("        - {MaxPooling2D: 2, name: pool}\n", ""),
        ("[conv, pool]", "[conv]"),
    ],
    "DL308_output_of_a_block": [
        ("parts.2", "parts.0"),
        ("first.skp", "first.skip"),
        ("first.pool", "first.down"),
        ("seen.mots", "seen.most"),
        ("    - {Down, from: first, name: later}\n", ""),
        (
            "    - {Dense: 8, from: later.skip",
            "    - {Down, from: first, name: later}\n    - {Dense: 8, from: later.skip",
        ),
        ("    - {Conv2D: [8, 1], from: second.skip, name: c}\n", ""),
        ("a, b, c, d", "a, b, d"),
    ],
    "DL309_block_uses_itself": [
        ("        - Unit\n", ""),
        ("        - Dense: 8\n", "        - for: {n: [8, 8]}\n          do: [{Dense: $n}]\n"),
    ],
    "DL309_extends_itself": [("extends: DL309_extends_itself.yaml\n", "")],
    "DL313_tensors_that_pass_through": [
        ("from: [s, x]", "from: [x, x]"),
        ("{args: [s]}", "{args: [x]}"),
        ("from: s.0", "from: x"),
        ("[s, one", "[p, q, one"),
    ],
    "DL313_two_tensors_where_one_is_wanted": [
        ("{Add, from: [a, b], if: false, name: both}", "{Dense: 8, from: b, name: both}"),
    ],
    "DL315_block_unused": [
        ("    - Dense: 10\n", "    - Unit\n    - Reshape: [2, 2, 2]\n    - Conv2D: [1, 1]\n"),
        ("[1, 1]\n", "[1, 1]\n    - Flatten\n    - {use: part}\n"),
    ],
    "DL402_inside_a_block_in_a_for": [("MaxPooling2D: 2", "MaxPooling2D: 1")],
    "DL402_inside_the_zoo": [("shape: [4, 4, 3]", "shape: [32, 32, 3]")],
    "DL402_pooled_away": [("{MaxPooling2D: 2,", "{MaxPooling2D: 1,")],
    "DL402_window": [("kernel_size: 5", "kernel_size: 4")],
    "DL404_add": [("{Dense: 4, name: narrow}", "{Dense: 8, name: narrow}")],
    "DL404_branches": [("- []", "- [{Cropping2D: 1}]")],
    "DL404_inside_blocks": [
        (
            "{Add, from: [second, x]}",
            "{Dense: $filters, from: x, name: wide}\n        - $short\n"
            "        - {Add, from: [second, short]}",
        ),
        ("$short", "{MaxPooling2D: {pool_size: $stride, padding: same}, name: short}"),
    ],
    "DL404_model_input": [("inputs: {z: [8]}", "inputs: {z: [9]}")],
    "DL404_model_of_another_shape": [
        ("left: [4], right: [4]", "left: [null], right: [null]"),
        ("b: [5], c: [4, 1]", "b: [4], c: [4]"),
    ],
    "DL404_op_broadcast": [("y: [4]", "y: [8]")],
    "DL405_input_dtype_of_conv": [
        ("[8, 8, 1]", "[]"),
        (
            "- Conv2D",
            "- TextVectorization: {vocabulary: [a, b], output_sequence_length: 64}\n"
            "    - Reshape: [8, 8, 1]\n    - Conv2D",
        ),
    ],
    "DL407_flatten_to_dense": [("Flatten", "GlobalAveragePooling1D")],
    "DL410_branches_of_dense": [
        ("{Dense: 8, branches: [[ReLU], []]}", "{Concatenate, branches: [[ReLU], []]}"),
        (
            "    - {Add, from: [dense, y]}",
            "    - {Dense: 8, name: dense}\n    - {Add, from: [dense, y]}",
        ),
    ],
    "DL410_dense_of_two": [
        ("{Dense: 10, from: [a, b]}", "{Concatenate, from: [a, b]}\n    - Dense: 10")
    ],
    "DL501_logits": [("{Dense: 10,", "{Dense: [10, {activation: softmax}],")],
    "DL501_logits_by_identifier": [("{Dense: 10,", "{Dense: [10, {activation: softmax}],")],
    "DL502_softmax": [("[10, {activation: softmax}]", "10")],
    "DL505_binary": [
        ("{class: target, classes: 10}", "{binary: target, positive: 0}"),
        ("Dense: [10,", "Dense: [1,"),
    ],
    "DL507_sigmoid": [
        ("{class: target,", "{labels: target,"),
        ("SparseCategoricalCrossentropy", "BinaryCrossentropy"),
    ],
    "DL216_threshold_of_margins": [
        ("activation: tanh", "activation: sigmoid"),
        ("loss: Hinge", "loss: BinaryCrossentropy"),
    ],
    "DL510_threshold_without_validation": [("{maximize: f1}", "0.4")],
    "DL510_no_validation": [("{patience: 2}", "{patience: 2, monitor: loss}")],
    "DL510_split_by_a_column": [("{patience: 2}", "{patience: 2, monitor: loss}")],
    "DL511_through_augmentation": [("    - Flatten", "    - Rescaling: $1/16\n    - Flatten")],
    "DL511_unscaled": [("    - Flatten", "    - Rescaling: $1/16\n    - Flatten")],
    "DL512_joined_with_no_mask": [
        (", places: [20, 16]", ""),
        ("{Add, from: [moved, places], name: placed}", "{LSTM: 16, from: moved, name: placed}"),
        ("args: [moved, placed]", "args: [placed, placed]"),
        ("{Concatenate, from: [again, vectors], name: kept}", "$kept"),
        ("    - LSTM: 8\n", ""),
        ("$kept", "{LSTM: 8, from: vectors, name: kept}\n    - {Concatenate, from: [again, kept]}"),
    ],
    "DL512_mask": [("    - Conv1D: [8, 3]\n", "")],
    "DL515_log_loss_of_margins": [
        ("activation: tanh", "activation: sigmoid"),
        ("loss: Hinge", "loss: BinaryCrossentropy"),
    ],
    "DL516_number_loss_on_classes": [
        ("{class: target, classes: 3}", "{number: target}"),
        ("Dense: [3, {activation: softmax}]", "Dense: 1"),
    ],
    "DL521_labels": [
        ("labels: kinds", "class: kinds"),
        ("sigmoid", "softmax"),
        (", f1_micro", ""),
    ],
    "DL521_numbers": [
        ("{number: c}", "{class: c, classes: 3}"),
        ("{binary: d}", "{class: d, classes: 2}"),
        ("{number: e}", "{class: e, classes: 4, one_hot: true}"),
        ("{Dense: 1, name: price", "{Dense: 3, name: price"),
        ("[1, sigmoid]", "[2, softmax]"),
        ("[1, softmax]", "[4, softmax]"),
    ],
    "DL530_lookups": [
        ("        - IntegerLookup: {max_tokens: 9}\n", ""),
        ("num_bins: 4", "bin_boundaries: [10, 20, 30]"),
    ],
    "DL530_normalization": [
        ("{vector: [age, fare]}", "{vector: [age, fare], standardize: true}"),
        ("    - Normalization\n", ""),
    ],
    "DL532_network": [('  callbacks:\n    - RemoteMonitor: {root: "https://example.org"}\n', "")],
    "DL601_feature_shape": [("size: [8, 8]", "size: [28, 28]")],
    "DL601_shape_of_pairs": [
        ("{image: images, size: [8, 8], channels: 1,", "{tensor: images, shape: [8, 8],"),
        ("left: [8, 8, 1]", "left: [8, 8]"),
        ("    - {Reshape: [8, 8, 1], name: right_image, from: right}\n", ""),
        ("right_image]", "right]"),
    ],
    "DL602_one_feature_too_many": [
        ("{x: [2]}", "{x: [2], weights: [1], xs: [1]}"),
        ("[{Dense: 1,", "[{Concatenate, from: [x, weights, xs]}, {Dense: 1,"),
    ],
    "DL603_ids_of_another_length": [
        ("length: 20", "length: 30"),
        ("[30]", "{shape: [30], dtype: int32}"),
    ],
    "DL604_boxes": [
        ("boxes: boxes, most: 3, classes: 2, format: xyxy", "tensor: boxes, shape: [3, 4]")
    ],
    "DL604_missing_flatten": [("    - {Dense", "    - GlobalAveragePooling2D\n    - {Dense")],
    "DL604_target_shape": [("horizon: 4", "horizon: 5")],
}

# Helps whose second way is no other edit of this text.
NO_SECOND_WAY = {
    "DL103_unquoted_brackets": "one way: how an output is picked",
    "DL112_taken_file_is_no_model": "the file's bytes, not the spec's text",
    "DL303_other_name": "the file's name, not its text",
    "DL312_model_name": "the file's name, not its text",
}
