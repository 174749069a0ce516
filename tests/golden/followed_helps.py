"""What a reader writes who follows the helps of an invalid spec: edits of its text, in order."""

_SPARSE = "{SparseCategoricalCrossentropy: {from_logits: true}}"

FOLLOWED: dict[str, list[tuple[str, str]]] = {
    "DL519_augmentation_on_jax": [("backend: jax", "backend: tensorflow")],
    "DL219_no_augmentation": [("{Rescaling: 2}, ", "")],
    "DL219_model_in_augment": [("\n  augment: {image: [{model: net}]}", "")],
    "DL301_augment_of_which_input": [
        ("augment: [{RandomFlip: horizontal}]", "augment: {face: [{RandomFlip: horizontal}]}")
    ],
    "DL415_crop_of_another_size": [("\n  augment: [{RandomCrop: [4, 8]}]", "")],
    "DL415_augmentation_of_another_dtype": [(", dtype: float16", "")],
    "DL415_augmented_ids": [("words: {GaussianNoise: 0.1}, ", "")],
    "DL401_augmentation_of_another_rank": [("SpatialDropout1D", "Dropout")],
    "DL513_augment": [
        ("RandomBrightness: 0.2", "RandomBrightness: {factor: 0.2, value_range: [0, 1]}"),
        ("value_range: [0, 255]", "value_range: [0, 1]"),
    ],
    "DL528_no_pictures": [("facts: [{RandomFlip: horizontal}, {", "facts: [{")],
    "DL529_mixed_ids": [
        ("classes: 10}", "classes: 10, one_hot: true}"),
        ("SparseCategoricalCrossentropy", "CategoricalCrossentropy"),
    ],
    "DL529_boxes_left_behind": [("{RandomFlip: horizontal}, ", "")],
    "DL529_blended_masks": [(", AugMix", "")],
    "DL529_masks_of_two_pictures": [(", after: {RandomRotation: 0.1}", "")],
    "DL216_mixed_and_weighed": [("  class_weight: balanced\n", "")],
    "DL216_mixed_input_of_several": [("\n  augment: {face: {MixUp: 0.2}}", "")],
    "DL534_class_for_ctc": [("CTC\n", f"{_SPARSE}\n")],
    "DL534_filled_up_at_the_start": [("pad: start", "pad: end")],
    "DL534_no_steps": [("units: 16}", "units: 16, return_sequences: true}")],
    "DL534_fewer_steps_than_ids": [("strides: 5", "strides: 2")],
    "DL502_softmax_before_ctc": [("Dense: [30, softmax]", "Dense: 30")],
    "DL520_accuracy_of_steps": [
        ("  metrics: [accuracy]\n", "evaluation: {metrics: [character_error_rate]}\n")
    ],
    "DL520_keras_metric_of_steps": [("[SparseCategoricalAccuracy]", "[character_error_rate]")],
    "DL515_place_by_place_after_ctc": [("token_accuracy", "word_error_rate")],
    "DL515_error_rate_without_ctc": [("character_error_rate", "token_accuracy")],
    "DL216_decode_without_ctc": [("prediction: {decode: {beam: 4}}\n", "")],
    "DL202_prediction_of_nothing": [("prediction: {}\n", "")],
    "DL216_series_after_no_window": [
        ("{past: {vector: load, length: 24}}", "{past: {series: load, length: 24}}"),
        ("[24]}", "[24, 1]}"),
        ("[{Dense: 4, name: future}]", "[Flatten, {Dense: 4, name: future}]"),
    ],
    "DL216_windows_that_do_not_fit": [
        ("gap: 2, window: input", "window: input"),
        ("horizon: 4, length: 24", "horizon: 4"),
        ("step: 2, window: input", "length: 24, step: 1, window: input"),
    ],
    "DL216_windows_of_two_strides": [
        ("length: 12, stride: 2, group: site", "length: 12, stride: 1, group: station"),
    ],
    "DL604_window_of_another_shape": [("{Dense: 1,", "{Dense: 2,")],
    "DL216_window_of_which_input": [("window: input", "window: input, length: 12, step: 1")],
    "DL216_series_told_apart_by_time": [(", group: hour", "")],
    "DL202_series_without_horizon": [
        ("{series: load}", "{series: load, horizon: 1}"),
    ],
    "DL216_keys_of_one_feature": [
        ("unknown: 2", "above: unknown, unknown: 2"),
        ("cut: start", "pad: end, cut: start"),
    ],
    "DL204_unknown_id_past_the_vocabulary": [
        ("vocabulary: 10", "vocabulary: 11"),
        ("vocabulary: 1,", "vocabulary: 2,"),
    ],
    "DL518_filled_up_at_the_start": [(", pad: start", ", pad: end"), (", pad: start", "")],
    "DL202_term_as_output": [("training:", "  outputs: price\ntraining:")],
    "DL202_loss_beside_terms": [
        (
            "  terms: {size: 0.1}\n",
            "  loss: {SparseCategoricalCrossentropy: {from_logits: true}}\n"
            "  loss_weights: {digit: 0}\n  terms: {size: 0.1}\n",
        )
    ],
    "DL301_loss_of_an_output_without_a_target": [(", seen: MeanSquaredError", "")],
    "DL307_target_that_nothing_learns": [
        (
            "  outputs: seen\n",
            "    - {Dense: 10, name: guess, from: seen}\n"
            "    - ops.sparse_categorical_crossentropy: {args: [target.digit, guess]}\n"
            "    - {ops.multiply: {x2: 1.0}, name: told}\n  outputs: seen\n",
        ),
        ("{size: 0.1}", "{size: 0.1, told: 1.0}"),
    ],
    "DL302_figures_of_one_name": [
        ("{k: 3}", "{k: 3, name: other_sparse_top_k_categorical_accuracy}"),
        ("name: accuracy", "name: other_accuracy"),
        ("name: loss", "name: other_loss"),
        ("    - accuracy\n", ""),
    ],
    "DL312_name_of_a_figure": [("name: top-2", "name: top2")],
    "DL302_term_of_a_figure": [
        ("name: val_size", "name: size"),
        ("name: accuracy", "name: most"),
        ("{val_size: 0.1, accuracy: 0.2}", "{size: 0.1, most: 0.2}"),
    ],
    "DL413_term_not_a_number_per_sample": [
        ("name: more}\n", "name: every}\n    - {ops.mean: {axis: [1]}, name: more}\n")
    ],
    "DL522_term_that_no_weight_changes": [
        ("args: [flatten]", "args: [seen]"),
        ("ops.argmax", "ops.max"),
    ],
    "DL525_draws_without_a_mean": [
        ("    - {ops.random.shuffle: , name: mixed, from: point}\n", ""),
        (
            "    - {ops.expand_dims: {args: [point], axis: 1}, name: steps}\n"
            "    - {TimeDistributed: {layer: {model: noisy}}, name: held}\n    - Flatten\n"
            "    - {Concatenate, from: [mixed, flatten]}\n"
            "    - {Dense: [1, sigmoid], name: moon}\n",
            "    - {use: noisy, name: held}\n    - {Dense: [1, sigmoid], name: moon}\n"
            "    - {ops.random.shuffle: , name: mixed, from: held}\n"
            "    - {ops.subtract: {args: [moon, mixed]}}\n"
            "    - {ops.mean: {axis: -1}, name: apart}\n"
            "  outputs: moon\n",
        ),
        ("loss: BinaryCrossentropy", "loss: BinaryCrossentropy, terms: {apart: 1.0}"),
    ],
    "DL202_turn_that_minimises_nothing": [
        (", loss: true", ""),
        ("{train: generator}", "{train: generator, terms: {seen_through: 1.0}}"),
    ],
    "DL202_no_turns": [
        ("  terms: {told_apart: 1.0, seen_through: 1.0}\n", ""),
        (
            "[]",
            "[{train: discriminator, terms: {told_apart: 1}}, "
            "{train: generator, terms: {seen_through: 1.0}}]",
        ),
    ],
    "DL216_followers": [(", trainable: true", ""), ("{model: teacher}", "{model: student}")],
    "DL216_keys_beside_turns": [
        ("  optimizer: Adam\n", ""),
        ("  terms: {told_apart: 1.0}\n", ""),
        ("guess: 1.0}", "guess: 1.0}, loss: true"),
        ("  callbacks: [{ReduceLROnPlateau: {monitor: loss}}]\n", ""),
    ],
    "DL301_follow_of_nothing": [("techer", "teacher"), ("model: pupil", "model: student")],
    "DL301_train_of_nothing": [
        ("discrimnator", "discriminator"),
        ("[generator, critic]", "[generator]"),
        ("seen_trough", "seen_through"),
    ],
    "DL302_figures_of_turns": [
        ("name: generator_loss", "name: seen_through"),
        ("{generator_loss: 1.0}", "{seen_through: 1.0}"),
        ("{told_apart: 0.5}", "{told_apart: 0.5}, name: again"),
    ],
    "DL414_follower_of_other_weights": [("[24, relu]", "[16, relu]")],
    "DL522_follower_of_what_stays": [
        (
            "[{Dense: [16, relu], trainable: false}, {Dense: 8, trainable: false}]",
            "[{Dense: [16, relu]}, {Dense: 8}]",
        ),
    ],
    "DL522_turn_that_changes_nothing": [
        ("{told_apart: 1.0}, loss: true", "{told_apart: 1.0}"),
        ("    - {train: generator, terms", "    - {train: discriminator, terms"),
        ("[moon, discriminator]", "[moon, generator]"),
    ],
    "DL526_draw_in_the_place_of_a_model": [("train: noise", "train: generator")],
    "DL526_follower_in_a_turn": [("[student, teacher]", "[student]")],
    "DL526_turns_without_weights": [
        ("    - {train: [generator], terms: {seen_through: 1.0}}\n", ""),
        (
            "{train: [], terms: {told_apart: 1.0}, name: none}",
            "{train: [discriminator], terms: {seen_through: 1.0}, name: none}",
        ),
    ],
    "DL527_weights_that_no_turn_moves": [
        ("train: discriminator", "train: [discriminator, generator, calm]")
    ],
    "DL525_draw_in_a_loss": [
        ("        - {ops.random.normal: {x: prediction}, name: noise}\n", ""),
        ("        - {ops.add: {args: [prediction, noise]}}\n", ""),
        ("{x2: target}", "{args: [prediction, target]}"),
        (
            "name: moon}\n",
            "name: moon}\n    - {ops.random.normal: , name: noise}\n"
            "    - {ops.add: {x2: moon}}\n    - {ops.mean: {axis: -1}, name: far}\n"
            "  outputs: moon\n",
        ),
        ("loss: Noisy", "loss: Noisy\n  terms: {far: 0.1}"),
    ],
    "DL407_draw_of_any_number": [("[null, 4]", "[2, 4]")],
    "DL204_draw_from_nothing": [("maxval: 0.0", "maxval: 2.0"), ("stddev: -1", "stddev: 1")],
    "DL524_target_in_an_output": [
        ("    - {Concatenate, from: [seen, told]}\n", ""),
        ("name: digit}\n", "name: digit, from: seen}\n"),
        ("name: size}\n", "name: size}\n    - {ops.multiply: {args: [told, digit]}}\n"),
        (
            "    - {ops.multiply: {args: [told, digit]}}\n",
            "    - {ops.multiply: {args: [told, digit]}}\n"
            "    - {ops.sum: {axis: -1}, name: told_by}\n",
        ),
        ("{size: 0.1}", "{size: 0.1, told_by: 0.1}"),
    ],
    "DL202_loss_without_graph": [
        (
            "Small: {}",
            "Small:\n      graph:\n        - ops.subtract: {args: [target, prediction]}\n"
            "        - ops.square\n        - ops.mean: {axis: -1}",
        )
    ],
    "DL302_loss_of_keras": [("Huber:", "Near:"), ("loss: Huber", "loss: Near")],
    "DL313_loss_without_an_end": [
        (
            "- {for: {i: []}, from: [a, b], do: [{ops.multiply: {x2: $i}}]}",
            "- {ops.squeeze: {args: [b], axis: -1}, name: c}\n        - ops.add: {args: [a, c]}",
        )
    ],
    "DL208_loss_of_unclear_logits": [("ops.sigmoid: ", "Activation: sigmoid")],
    "DL305_loss_param": [("- ops.square\n", "- ops.power: {x2: $power}\n")],
    "DL306_loss_without_target": [
        ("args: [prediction]}, name: size", "args: [miss]}, name: size"),
        (
            "        - {ops.abs",
            "        - {ops.subtract: {args: [prediction, target]}, name: miss}\n"
            "        - {ops.abs",
        ),
        ("args: [size], axis", "args: [root], axis"),
    ],
    "DL309_loss_uses_itself": [
        (
            "- {Squared, from: [target, prediction]}\n",
            "- ops.subtract: {args: [target, prediction]}\n"
            "        - ops.square\n        - ops.mean: {axis: -1}\n",
        )
    ],
    "DL312_loss_name": [("squared_error:", "SquaredError:"), ("MeanSquaredError", "SquaredError")],
    "DL315_loss_unused": [("BinaryCrossentropy", "Squared")],
    "DL413_loss_not_a_number_per_sample": [
        ("ops.square\n    Mean", "ops.square\n        - ops.mean: {axis: [1]}\n    Mean"),
        ("ops.mean\n", "ops.mean: {axis: -1}\n"),
    ],
    "DL413_loss_over_the_batch": [("axis: 0", "axis: -1")],
    "DL501_own_loss_of_logits": [("loss: Entropy", "loss: {Entropy: {from_logits: true}}")],
    "DL522_loss_of_a_rounded_prediction": [("ops.round", "ops.relu")],
    "DL522_loss_without_prediction": [
        (
            "ops.square: {args: [target]}",
            "ops.subtract: {args: [prediction, target]}\n        - ops.square",
        )
    ],
    "DL523_loss_with_weights": [
        ("        - Dense: 4\n", ""),
        ("    - Dense: [8, relu]\n", "    - Dense: [8, relu]\n    - Dense: 4\n"),
    ],
    "DL202_query_without_a_database": [('houses"}', 'houses", url: "sqlite:///houses.db"}')],
    "DL216_password_in_the_url_of_a_file": [
        ("https://reader:sesame@example.org/houses.csv", "houses.csv")
    ],
    "DL216_password_in_a_url": [("sesame", "${DB_PASSWORD}")],
    "DL216_no_url_of_a_database": [("url: houses.db", "url: sqlite:///houses.db")],
    "DL216_query_for_training_and_test": [
        ('price FROM houses"}\n  inputs', 'price FROM later_houses"}\n  inputs')
    ],
    "DL216_database_is_watched": [("on_new_data: true", 'cron: "0 3 * * 1"')],
    "DL216_windows_of_unordered_rows": [("FROM grid", "FROM grid ORDER BY hour")],
    "DL216_query_changes_the_database": [
        (
            "DELETE FROM houses RETURNING size, rooms, price",
            "SELECT size, rooms, price FROM houses",
        ),
    ],
    "DL216_keras_key_of_another_data_set": [
        (", label_mode: coarse", ""),
        (", num_words: 1000", ""),
    ],
    "DL216_ignored_places_are_learned": [
        ("loss: Sparse", "loss: {Sparse"),
        ("entropy}", "entropy: {ignore_class: 255}}}"),
    ],
    "DL216_triplets_and_a_loss": [
        ("  loss: MeanSquaredError\n  metrics: [mae]\n", ""),
        ("evaluation: {metrics: [accuracy]}", ""),
    ],
    "DL216_unmarked_places_are_ignored": [("classes: 3", "classes: 3, ignore: 0")],
    "DL202_mode_of_a_term": [("monitor: val_small", "monitor: val_small, mode: min")],
    "DL202_mode_of_one_output": [
        ("monitor: val_price_loss", "monitor: val_price_loss, mode: min"),
        ("monitor: val_sold_accuracy, save", "monitor: val_sold_accuracy, mode: min, save"),
    ],
    "DL202_no_feature": [("inputs: {}", "inputs: {x: {number: x}}")],
    "DL305_param_behind_until": [(", classes: 2}, until", "}, until")],
    "DL306_implied_input": [("{Dense: 8, from: size}", "{Concatenate, from: [size, rooms]}")],
    "DL504_mask": [("Dice", "SparseCategoricalCrossentropy")],
    "DL203_memory_without_a_unit": [("2000", "2000MB")],
    "DL203_memory_below_the_least": [("100KB", "64MB")],
    "DL216_a_single_label": [
        ("{labels: kinds, classes: [drama]}", "{binary: kinds}"),
        ("f1_micro", "accuracy"),
    ],
    "DL204_mel_window_of_odd_length": [("fft_length: 255", "fft_length: 256")],
    "DL216_mel_features": [
        ("features: mel}", "features: {mel: 128, fft_length: 512}}"),
        ("upper: 8000", "upper: 4000"),
        ("lower: 4000", "lower: 100"),
        ("mel: 128, fft_length: 256", "mel: 72, fft_length: 256"),
    ],
    "DL216_labels_and_columns": [(", classes: 4", "")],
    "DL216_labels_without_a_number": [("labels: kinds", "labels: kinds, classes: 3")],
    "DL521_labels": [("SparseCategoricalCrossentropy", "BinaryCrossentropy")],
    "DL103_entry_without_braces": [("Dense: [64, 3], name: head", "{Dense: 10, name: head}")],
    "DL103_unquoted_brackets": [("enc[0], enc[1]", "enc.out, enc.out")],
    "DL105_python_tag": [("!!python/tuple ", "")],
    "DL107_lists_made_again": [("* 9000", "* 90"), ("* 5000", "* 50")],
    "DL108_merge_key": [("&head ", ""), ("<<: *head", "units: 10")],
    "DL109_key_is_a_number": [("{0: 1.0, 1: 5.0}", '{"0": 1.0, "1": 5.0}')],
    "DL110_a_list": [
        ("- Dense: 10\n", "dlspec: 1\nname: DL110_a_list\nmodel:\n  inputs: {x: [8]}\n  graph:\n"),
        ("- Dense: 20", "    - Dense: 20"),
    ],
    "DL201_arguments_beside": [
        (
            "{Conv2D: [4, 3], padding: same, activation: relu}",
            "Conv2D: [4, 3, {padding: same, activation: relu}]",
        ),
        (
            "Conv2D: [4, 3, {padding: same}], activation: relu",
            "Conv2D: [4, 3, {padding: same, activation: relu}]",
        ),
        (
            "Conv2D: {filters: 4, kernel_size: 3}, padding: valid",
            "Conv2D: {filters: 4, kernel_size: 3, padding: valid}",
        ),
        ("Reshape: [4, -1], dtype: float32", "Reshape: [[4, -1], {dtype: float32}]"),
        (
            "{Bidirectional: {LSTM: 4}, merge_mode: sum}",
            "Bidirectional: [{LSTM: 4}, {merge_mode: sum}]",
        ),
        ("{Dense: 1, activation: sigmoid}", "Dense: [1, {activation: sigmoid}]"),
        ("Zeros}, activation: relu}", "Zeros, activation: relu}}"),
    ],
    "DL201_arguments_not_indented": [
        ("Dense:\n      units: 10\n      activation: relu", "Dense: {units: 10, activation: relu}")
    ],
    "DL201_do_beside_a_layer": [
        ("{Dense: 10, do: [ReLU]}", "{for: {n: [10]}, do: [{Dense: $n}, ReLU]}")
    ],
    "DL201_keys_at_every_level": [
        ("  sorce: {sklearn: digits}\n", ""),
        ("channel: 3, ", ""),
        ("  los: MeanSquaredError\n", ""),
    ],
    "DL201_keys_beside_their_section": [
        ("inputs: {pixels: {vector: pixels, length: 64}}\ndata:\n", "data:\n"),
        ("digits.csv}\n", "digits.csv}\n  inputs: {pixels: {vector: pixels, length: 64}}\n"),
        (
            "models:\n  trunk:\n    inputs: {x: [64]}\n    graph: [{Dense: [32, relu]}]\n",
            "  models: {trunk: {inputs: {x: [64]}, graph: [{Dense: [32, relu]}]}}\n",
        ),
        ("\nepochs: 3\nloss:", "\n  epochs: 3\n  loss:"),
        ("\nmetrics: [accuracy]\n", "\n  metrics: [accuracy]\n"),
        ("gates: {accuracy", "evaluation:\n  metrics: [accuracy]\n  gates: {accuracy"),
        ("memory: 2GB", "runtime: {memory: 2GB}"),
    ],
    "DL201_top_level_key": [("modle:\n  inputs: {x: [8]}\n", "")],
    "DL202_averaged_weights": [("  metrics:", "  ema: {momentum: 0.99}\n  metrics:")],
    "DL202_empty_graph": [("graph: []", "graph: [{Dense: 10}]")],
    "DL202_empty_inputs": [("inputs: {}", "inputs: {x: [28, 28, 1]}")],
    "DL202_feature_without_size": [
        ("{image: images}", "{image: images, size: [8, 8], channels: 1, scale: $1/16}"),
        ("{class: target}", "{class: target, classes: 10}"),
    ],
    "DL202_for_without_do": [("for: {n: [1, 2]}", "{for: {n: [1, 2]}, do: [{Dense: $n}]}")],
    "DL202_generated_output_unsaid": [
        ("{input: said, start: 1}", "{input: said, start: 1, output: next}")
    ],
    "DL202_loss_missing_for_an_output": [
        ("{price: MeanSquaredError}", "{price: MeanSquaredError, sold: BinaryCrossentropy}")
    ],
    "DL202_no_graph": [("inputs: {x: [8]}", "inputs: {x: [8]}\n  graph: [{Dense: 10}]")],
    "DL202_no_loss": [("epochs: 1", "epochs: 1, loss: MeanSquaredError")],
    "DL202_triplets_without_terms": [
        ("epochs: 1", "epochs: 1, terms: {near: 1.0}"),
    ],
    "DL202_no_model": [("description: nothing but a name", "model: {zoo: lenet5}")],
    "DL202_prediction_without_training": [
        ("prediction:", f"training: {{epochs: 1, loss: {_SPARSE}}}\nprediction:"),
        ("{input: previous}", "{input: previous, start: 1}"),
    ],
    "DL202_training_without_data": [("training:\n  epochs: 3\n  loss: MeanSquaredError\n", "")],
    "DL202_text_without_vocabulary": [("length: 20", "length: 20, vocabulary: 10000")],
    "DL202_no_targets": [("number: size}}", "number: size}}\n  targets: {price: {number: price}}")],
    "DL203_vectors": [
        ("weights: 16", "weights: vectors.txt"),
        ("file: 3", "file: vectors.txt"),
        ("feature: [words]", "feature: words"),
        ("{feature: words}", "{file: vectors.txt, feature: words}"),
        ("v.txt, words: words", "v.txt, feature: words"),
        ("[1, sigmoid], weights: v.txt", "[1, sigmoid]"),
    ],
    "DL203_branches_not_lists": [("[{Dense: 8}, {Dense: 8}]", "[[{Dense: 8}], []]")],
    "DL203_graph_is_a_mapping": [("    Dense: 10", "    - Dense: 10")],
    "DL203_input_shape_is_a_number": [("{x: 8}", "{x: [8]}")],
    "DL203_metrics_mapping_of_numbers": [("metrics: 3", "metrics: [accuracy]")],
    "DL203_names_of_files": [("{class}{take}", "{class}_{take}"), ("spoken", '"{class}_{take}"')],
    "DL202_null_loss": [("loss: null", "loss: MeanSquaredError")],
    "DL203_patterns_and_ids": [("one: 2.0", '"1": 5.0')],
    "DL203_separator_of_many": [('"::"', '","')],
    "DL203_zoo_param": [("ten", "3")],
    "DL204_split_leaves_nothing": [("test: 0.5", "test: 0.3")],
    "DL204_empty_separator": [('separator: ""', r'separator: "\t"')],
    "DL206_metric_of_losses": [(", crossentropy", ", SparseCategoricalCrossentropy")],
    "DL206_loss_of_pytorch": [("CrossEntropyLoss", _SPARSE)],
    "DL207_batch_first": [("batch_first: true", "return_sequences: true")],
    "DL207_five_mistakes": [("- Flaten", "- {Dropout: $depth / 10}\n    - Flaten")],
    "DL207_branches_as_argument": [
        (
            "Concatenate: {branches: [[{Dense: 4}], [{Dense: 6}]]}",
            "{Concatenate: , branches: [[{Dense: 4}], [{Dense: 6}]]}",
        )
    ],
    "DL207_name_as_argument": [("Dense: {units: 10, name: head}", "{Dense: 10, name: head}")],
    "DL207_pytorch_words": [("in_channels: 3, ", ""), ("num_outputs", "units")],
    "DL208_block_param": [("- Unit\n", "- Unit: {width: 8}\n")],
    "DL208_category_encoding": [("CategoryEncoding\n", "CategoryEncoding: {num_tokens: 4}\n")],
    "DL208_discretization": [("Discretization\n", "Discretization: {bin_boundaries: [0.5]}\n")],
    "DL208_filters_only": [("Conv2D: 16", "Conv2D: {filters: 16, kernel_size: 3}")],
    "DL208_lstm_without_units": [("- LSTM\n", "- LSTM: {units: 4}\n")],
    "DL208_nested": [("Bidirectional: LSTM", "Bidirectional: {layer: {LSTM: {units: 4}}}")],
    "DL208_op_without_an_argument": [
        ("ops.moveaxis: [1, 2]", "ops.moveaxis: {source: [1, 2], destination: [2, 1]}")
    ],
    "DL208_schedule": [("0.1}", "0.1, decay_steps: 100}")],
    "DL209_twice": [("[10, {units: 20}]", "10")],
    "DL210_unquoted_comma": [("$max(width, 4)", '"$max(width, 4)"')],
    "DL212_params_order": [("{wide: $2 * width, width: 8}", "{width: 8, wide: $2 * width}")],
    "DL213_no_head": [("{name: head", "{Dense: 10, name: head")],
    "DL213_two_heads": [("{Dense: 10, ReLU, name: head}", "Dense: 10\n    - {ReLU, name: head}")],
    "DL215_version": [("dlspec: 2", "dlspec: 1")],
    "DL216_aligned_without_names": [
        ("[train.en, train.fr]", "{en: train.en, fr: train.fr}"),
    ],
    "DL216_beside_a_series": [
        ("place: {number: place}", "place: {series: [place], length: 16}"),
        ("mean: {number: mean}", "mean: {series: [mean], horizon: 4}"),
        ("place: [1]", "place: [16, 1]"),
        ("    - {Concatenate", "    - {Flatten, name: there, from: place}\n    - {Concatenate"),
        ("[flat, place]", "[flat, there]"),
        ("{Dense: 1, name: mean", "{Dense: 4, name: mean"),
    ],
    "DL216_class_weight_of_numbers": [("  class_weight: balanced\n", "")],
    "DL216_sample_weight_and_class_weight": [("  class_weight: balanced\n", "")],
    "DL216_sample_weight_of_a_batch": [("loss: Dice", "loss: {Dice: {axis: [1, 2, 3]}}")],
    "DL216_sample_weight_of_pairs": [("  sample_weight: trust\n", "")],
    "DL216_mask_of_two_shapes": [
        ("shape: [16, 16], size", "size"),
        ("mask: vessel,", "mask: vessel, shape: [16, 16],"),
    ],
    "DL216_clip_two_ways": [("{norm: 1.0, value: 0.5}", "{global_norm: 1.0}")],
    "DL216_gaps_without_windows": [(", gaps: cross", "")],
    "DL216_given_test_rows": [("test: given", "test: 0.15")],
    "DL216_like_and_vocabulary": [("vocabulary: 5000, length: 20, like", "length: 20, like")],
    "DL216_contexts_beside_others": [
        ("    act: {number: act}\n", ""),
        ("  targets: {play: {class: play, classes: 37}}\n", ""),
        ("  class_weight: balanced\n", ""),
    ],
    "DL216_contexts_of_any_number": [
        ("words.txt}", "words.txt, size: 10000}"),
        ("[4000,", "[10000,"),
        ("[4000,", "[10000,"),
    ],
    "DL216_implied_inputs_of_pairs": [(", stem: {number: stem}", "")],
    "DL216_pairs_and_class_weight": [("  class_weight: balanced\n", "")],
    "DL216_pairs_of_nothing": [("inputs: {}", "inputs: {height: {number: height}}")],
    "DL216_pairs_of_two_inputs": [
        ("    noise: {tensor: noise, shape: [8, 8, 1]}\n", ""),
        ("    dark: {number: dark}\n", ""),
    ],
    "DL216_rate_of_schedule": [
        ("    - ReduceLROnPlateau: {monitor: loss}\n", "    - EarlyStopping\n")
    ],
    "DL216_champion_without_a_direction": [("metric: false_positives", "metric: accuracy")],
    "DL216_threshold_of_numbers": [(", threshold: 0.3", "")],
    "DL216_threshold_of_margins": [(", threshold: 0.3", "")],
    "DL216_rows_counted_for_a_loss": [("test: mcnemar", "test: bootstrap")],
    "DL216_separator_of_named_files": [(r', separator: "\t"', "")],
    "DL216_separators_and_columns": [('separator: ":"', 'separator: [":", " "]')],
    "DL216_series_split_at_random": [
        ("{validation: 0.1, test: 0.1}", "{time: time, validation: 0.15, test: 0.15}")
    ],
    "DL216_decimal_and_separator": [('decimal: ","', 'separator: ";", decimal: ","')],
    "DL216_test_rows_beside_a_generator": [("  test: {csv: later.csv}\n", "")],
    "DL216_test_rows_not_taken": [("validation: 0.1, test: 0.1", "validation: 0.2, test: given")],
    "DL216_test_rows_of_a_csv": [("houses.csv}", "houses.csv}\n  test: {csv: later.csv}")],
    "DL216_test_rows_trained_on": [("test: {csv: later.csv}", "test: {csv: tested.csv}")],
    "DL216_uneven_schedule": [("0.1, 0.01]", "0.1, 0.01, 0.001]")],
    "DL216_words_of_bpe": [("{file: words.txt}", "8000")],
    "DL301_use_of_an_input": [("{use: x}", "{use: kept}")],
    "DL301_stratify_among_numbers": [(", stratify: price", "")],
    "DL302_name_inside_for": [
        ("for: {n: [8, 16]}\n", "for: {n: [8, 16]}\n      name: hidden\n"),
        ("{Dense: $n, name: hidden}", "{Dense: $n}"),
    ],
    "DL302_word_twice": [("[good, bad, good]", "[good, bad]")],
    "DL302_node_called_as_a_block_input": [("name: x", "name: y")],
    "DL302_node_called_as_an_input": [("name: x", "name: y")],
    "DL302_node_twice": [("name: head", "name: neck")],
    "DL302_what_is_dead_is_not_known": [
        ("name: a, from: y", "name: b, from: y"),
        ("{Dense: 4, from: a}", "{Add, from: [a, b]}"),
    ],
    "DL303_other_name": [("name: lenet", "name: DL303_other_name")],
    "DL304_forward_reference": [
        ("    - {Add, from: [x, late], name: sum}\n", ""),
        ("name: late}", "name: late}\n    - {Add, from: [x, late], name: sum}"),
    ],
    "DL305_block_param": [("[{Dense: $width}]", "[{Dense: $width}, {Dropout: $rate}]")],
    "DL305_for_variable": [("[{Dense: $n}]", "[{Dense: $n}, {Dropout: $rate}]")],
    "DL305_param": [("Dense: $width", "Dense: $width * depth")],
    "DL306_dead_in_a_block": [("        - {Dense: 8, name: unused}\n", "")],
    "DL306_dead_input": [(", y: [4]", "")],
    "DL306_dead_layer": [("from: x, name: head", "from: forgotten, name: head")],
    "DL306_output_hides_the_rest": [("outputs: used", "outputs: [used, after]")],
    "DL307_an_output_without_a_target": [
        ("outputs: [price, weight]", "outputs: [price]"),
        ("    - {Dense: 1, name: weight, from: x}\n", ""),
    ],
    "DL307_target_of_pairs": [("name: digit", "name: same")],
    "DL307_outputs_not_targets": [("Dense: 10", "{Dense: 10, name: digit}")],
    "DL307_inside_the_zoo": [("10}}\ntraining", "10}, outputs: {digit: predictions}}\ntraining")],
    "DL306_output_that_nothing_reads": [("{Flatten, name", "{Flatten, from: first.pool, name")],
    "DL204_weight_of_its_own": [("[0, 64]", "[1, 64]"), ("[]", "[1, 64]")],
    "DL208_weight_without_a_shape": [
        ("{weight, name: a}", "{weight: [1, 64], name: a}"),
        ("    - weight\n", "    - weight: [1, 64]\n"),
        ("{x: [8]}", "{x: [8, 64]}"),
    ],
    "DL305_params_of_a_taken_spec": [(", epochs: 3", "")],
    "DL305_params_behind_a_taken_layer": [(", with: {units: 3}", "")],
    "DL309_takes_itself": [("DL309_takes_itself.yaml", "taken_and_whole.yaml")],
    "DL314_missing_spec_under_a_param": [("no_such.yaml", "taken_and_whole.yaml")],
    "DL314_taken_spec_not_there": [("nowhere.yaml", "taken_and_whole.yaml")],
    "DL304_model_declared_below": [
        ("    reader: {inputs: {x: [8]}, graph: [{use: stem}, {Dense: 2}]}\n", ""),
        (
            "  inputs: {x: [8]}\n  graph",
            "    reader: {inputs: {x: [8]}, graph: [{use: stem}, {Dense: 2}]}\n"
            "  inputs: {x: [8]}\n  graph",
        ),
    ],
    "DL309_model_uses_itself": [("[{use: reader}", "[{use: stem}")],
    "DL216_follower_that_shares": [
        ("    stem: {inputs: {image: [8, 8, 1]}, graph: [Flatten, {Dense: 8}]}\n", ""),
        ("[{use: stem}, ", "[Flatten, {Dense: 8}, "),
    ],
    "DL314_taken_file_not_there": [
        ("file: at_home.keras, until: pool", "spec: taken_and_whole.yaml")
    ],
    "DL402_inside_a_taken_spec": [("taken_and_broken", "taken_and_whole")],
    "DL301_use_of_a_weight": [
        ("    - {use: offset, from: once, name: twice}\n", ""),
        ("[once, twice]", "[once, offset]"),
    ],
    "DL410_weight_without_a_batch": [("{shape: [8], sparse: true}", "[8]")],
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
        ("second.skip", "second"),
    ],
    "DL308_scores_not_returned": [
        ("name: look", "name: look, call: {return_attention_scores: true}")
    ],
    "DL308_state_not_returned": [("LSTM: 8", "LSTM: {units: 8, return_state: true}")],
    "DL309_block_uses_itself": [
        ("        - Unit\n", ""),
        ("    - Unit\n", "    - {Unit, repeat: 2}\n"),
    ],
    "DL309_extends_itself": [
        ("extends: DL309_extends_itself.yaml", "extends: ../valid/bare_sequence.yaml")
    ],
    "DL310_empty_loops": [("{a: $n * 100}", "{a: $n}"), ("{b: $n * 100}", "{b: $n}")],
    "DL310_hidden_in_a_block": [
        ("{ReLU, repeat: 200}", "{ReLU, repeat: 2}"),
        ("{B, repeat: 200}", "{B, repeat: 2}"),
    ],
    "DL310_too_many_layers": [("1000000", "10")],
    "DL311_uneven_lists": [("[0.1, 0.2]", "[0.1, 0.2, 0.3]")],
    "DL312_block_name": [("conv_unit", "ConvUnit"), ("- Dense: 10", "- ConvUnit")],
    "DL312_model_name": [("my model", "DL312_model_name")],
    "DL312_tags_and_owners": [('"jane doe!"', '"team:jane_doe_"')],
    "DL313_block_inputs": [("{Join, from: a}", "{Join, from: [a, b]}")],
    "DL313_two_inputs_no_from": [
        ("Dense: 10", "{Dense: 8, from: a, name: one}\n    - {Add, from: [one, b]}")
    ],
    "DL313_two_tensors_where_one_is_wanted": [
        ("    - {Add, from: [a, b], if: false, name: both}\n", ""),
        ("[both, a]", "[b, a]"),
    ],
    "DL315_block_unused": [
        ("  blocks:\n    Unit:\n      graph: [{Dense: 8}]\n", ""),
        ("  models:\n    part:\n      inputs: {z: [4]}\n      graph: [{Dense: 4}]\n", ""),
        ("  defaults: {Conv2D: {padding: same}}\n", ""),
    ],
    "DL401_attention_rank": [
        ("{Attention, from: [q, v]}", "{Reshape: [4, 2], from: q, name: wide}\n"),
        ("wide}\n", "wide}\n    - {Reshape: [4, 2], from: v, name: tall}\n"),
        ("tall}\n", "tall}\n    - {Attention, from: [wide, tall]}\n"),
    ],
    "DL401_conv_on_vectors": [
        ("x: [8]", "x: [72]"),
        ("- Conv", "- Reshape: [9, 8, 1]\n    - Conv"),
    ],
    "DL401_lstm_on_images": [("- LSTM", "- Reshape: [8, 24]\n    - LSTM")],
    "DL401_sequences_not_returned": [("LSTM: 8", "LSTM: {units: 8, return_sequences: true}")],
    "DL402_inside_a_block_in_a_for": [
        ("MaxPooling2D: 2", "MaxPooling2D: {pool_size: 2, padding: same}")
    ],
    "DL402_inside_the_zoo": [("shape: [4, 4, 3]", "shape: [4, 4, 3], padding: same")],
    "DL402_pooled_away": [("MaxPooling2D: 2", "MaxPooling2D: {pool_size: 2, padding: same}")],
    "DL402_window": [("kernel_size: 5", "kernel_size: 5, padding: same")],
    "DL403_groups": [("groups: 2", "groups: 1")],
    "DL404_add": [("Dense: 4", "Dense: 8")],
    "DL404_branches": [("Conv2D: [4, 3]", "Conv2D: [4, 1]")],
    "DL404_concatenate": [("MaxPooling2D: 2", "MaxPooling2D: [2, {strides: 1, padding: same}]")],
    "DL404_inside_blocks": [
        (
            "{Add, from: [second, x]}",
            "{Conv2D: [$filters, 1, {strides: $stride}], from: x, name: short}\n"
            "        - {Add, from: [second, short]}",
        )
    ],
    "DL404_model_input": [("x: [9]", "x: [8]")],
    "DL404_model_of_another_shape": [("b: [5], c: [4, 1]", "b: [4], c: [4]")],
    "DL404_op_broadcast": [("y: [4]", "y: [1]")],
    "DL405_embedding_of_floats": [("x: [8]", "x: {shape: [8], dtype: int32}")],
    "DL405_input_dtype_of_conv": [
        ("- Conv2D", "- StringLookup: {vocabulary: [a, b]}\n    - Conv2D")
    ],
    "DL406_state_of_another_width": [("units: 16", "units: 8")],
    "DL407_flatten_to_dense": [("[null, 4]", "[6, 4]")],
    "DL408_reshape": [("[5, -1]", "[4, 3]")],
    "DL410_add_one": [("- Dense: 8", "- {Dense: 8, name: a}"), ("Add", "{Add, from: [a, x]}")],
    "DL410_branches_of_dense": [
        ("{Dense: 8, branches: [[ReLU], []]}", "{Add, branches: [[ReLU], []]}"),
        ("[dense, y]", "[add, y]"),
    ],
    "DL410_dense_of_two": [("{Dense: 10, from: [a, b]}", "{Add, from: [a, b]}\n    - Dense: 10")],
    "DL410_missing_value": [("{query: x}", "{query: x, value: x}")],
    "DL410_model_input_by_another_name": [("rigth: b", "right: b"), ("zzz: b", "right: b")],
    "DL410_model_of_two_inputs": [("use: pair", "{use: pair, from: {a: x, b: x}}")],
    "DL410_unknown_keyword_tensor": [("values: x", "value: x")],
    "DL412_axis": [("axis: 3", "axis: 1")],
    "DL412_permute": [("[1, 3]", "[2, 1]")],
    "DL501_logits": [("SparseCategoricalCrossentropy", _SPARSE)],
    "DL501_logits_by_identifier": [("sparse_categorical_crossentropy", _SPARSE)],
    "DL502_softmax": [(_SPARSE, "SparseCategoricalCrossentropy")],
    "DL503_one_hot": [("SparseCategoricalCrossentropy", "CategoricalCrossentropy")],
    "DL504_ids": [("CategoricalCrossentropy", "SparseCategoricalCrossentropy")],
    "DL505_binary": [
        ("BinaryCrossentropy", "SparseCategoricalCrossentropy"),
        ("activation: sigmoid", "activation: softmax"),
    ],
    "DL507_sigmoid": [("activation: sigmoid", "activation: softmax")],
    "DL509_names_of_files": [("save_best_only: true", "save_best_only: true, monitor: loss")],
    "DL510_threshold_without_validation": [("validation: 0,", "validation: 0.1,")],
    "DL510_no_validation": [("\nmodel:", "\n  split: {validation: 0.1}\nmodel:")],
    "DL510_split_by_a_column": [("test: [5]", "validation: [4], test: [5]")],
    "DL511_through_augmentation": [("channels: 1}", "channels: 1, scale: $1/255}")],
    "DL511_unscaled": [("channels: 1}", "channels: 1, scale: $1/255}")],
    "DL512_initial_state": [
        ("    - {GRU", "    - {ops.not_equal: {args: [ids, 0]}, name: padding}\n    - {GRU"),
        ("initial_state: state}", "initial_state: state, mask: padding}"),
    ],
    "DL512_joined_with_no_mask": [(", mask_zero: true", "")],
    "DL512_mask": [(", mask_zero: true", "")],
    "DL513_augmentation": [
        ("RandomBrightness: 0.2", "RandomBrightness: {factor: 0.2, value_range: [0, 1]}")
    ],
    "DL514_training_flag": [("call: {training: false}", "trainable: false")],
    "DL515_gate": [("metrics: [accuracy]", "metrics: [accuracy, f1_macro, log_loss]")],
    "DL515_generated_without_generate": [("generated_sequence_accuracy", "sequence_accuracy")],
    "DL515_gates_of_targets": [
        (
            "[accuracy, balanced_accuracy, mae]",
            "[accuracy, balanced_accuracy, mae, f1_macro, rmse]",
        ),
        ("kind_mae", "kind_balanced_accuracy"),
        ("price_rmse", "rmse"),
        ("weight_r2", "shade_balanced_accuracy"),
    ],
    "DL515_penalties": [
        ("hiden_activity", "hidden_activity"),
        (', regularization: "<= 1"', ""),
    ],
    "DL515_gates_of_metrics_of_keras": [
        ('    price_top_3: ">= 0.9"\n', ""),
        ("price_root_mean", "root_mean"),
        ("shade_mae", "shade_top_3"),
    ],
    "DL515_log_loss_of_margins": [("[accuracy, log_loss]", "[accuracy]")],
    "DL516_number_loss_on_classes": [("MeanSquaredError", "SparseCategoricalCrossentropy")],
    "DL517_attention_of_itself": [
        ("from: [normal, normal]", "from: [normal, normal], call: {use_causal_mask: true}")
    ],
    "DL517_bidirectional_decoder": [
        ("Bidirectional: {layer: {GRU: {units: 8, return_sequences: true}}}", "GRU: $GRU"),
        ("$GRU", "{units: 8, return_sequences: true}"),
        ("[bidirectional,", "[gru,"),
    ],
    "DL517_inside_a_block": [("padding: same", "padding: causal")],
    "DL517_window": [("padding: same", "padding: causal")],
    "DL518_loss_of_numbers": [("CategoricalFocalCrossentropy", "SparseCategoricalCrossentropy")],
    "DL518_vocabulary_too_small": [("vocabulary: 8", "vocabulary: 10")],
    "DL519_an_inner_axis_on_torch": [("backend: torch", "backend: tensorflow")],
    "DL519_attention_and_one_cell_on_jax": [("backend: jax", "backend: tensorflow")],
    "DL519_lookups_on_jax": [("backend: jax", "backend: tensorflow")],
    "DL520_accuracy_of_a_number": [("[accuracy]", "[MeanAbsoluteError]")],
    "DL520_class_ids": [
        ("Recall", "SparseCategoricalAccuracy"),
        (" TopKCategoricalAccuracy", " {SparseTopKCategoricalAccuracy: {k: 2}}"),
        ("k: 5", "k: 2"),
        ("MeanAbsoluteError", "SparseCategoricalAccuracy"),
    ],
    "DL520_ids_and_vectors": [
        ("SparseCategoricalAccuracy", "CategoricalAccuracy"),
        ("{MeanIoU: 3}", "{OneHotMeanIoU: {num_classes: 3}}"),
        ("{Precision: {class_id: 3}}", "Precision"),
    ],
    "DL520_metrics_of_an_evaluation": [
        ("k: 10", "k: 9"),
        ("    - SparseCategoricalCrossentropy", f"    - {_SPARSE}"),
        ("    - MeanAbsolutePercentageError\n", "    - SparseCategoricalAccuracy\n"),
    ],
    "DL520_along_the_samples": [
        (
            "evaluation: {metrics: [{PearsonCorrelation: {axis: 0}}]}",
            "evaluation: {metrics: [R2Score]}",
        )
    ],
    "DL520_list_for_two": [("[accuracy]", "{y: [accuracy]}")],
    "DL520_logits": [
        ("Recall,", "{Recall: {thresholds: 0}},"),
        ("{curve: PR}", "{curve: PR, from_logits: true}"),
        ("{PrecisionAtRecall: 0.5}", "{BinaryAccuracy: {threshold: 0}}"),
    ],
    "DL520_numbers": [("AUC", "MeanAbsoluteError")],
    "DL520_one_unit": [
        ("F1Score", "{F1Score: {threshold: 0.5}}"),
        ("CategoricalAccuracy", "BinaryAccuracy"),
        ("CosineSimilarity", "BinaryAccuracy"),
    ],
    "DL521_numbers": [
        (f"price: {_SPARSE}", "price: MeanSquaredError"),
        ("sold: SparseCategoricalCrossentropy", "sold: BinaryCrossentropy"),
        ("share: CategoricalCrossentropy", "share: MeanSquaredError"),
    ],
    "DL530_lookups": [
        ("max_tokens: 9", "max_tokens: 9, vocabulary: [1, 2, 3]"),
        ("num_bins: 4", "bin_boundaries: [10, 20, 30]"),
    ],
    "DL530_normalization": [
        ("Normalization\n", "Normalization: {mean: [1, 2], variance: [1, 4]}\n")
    ],
    "DL531_stateful": [(", stateful: true", "")],
    "DL532_callback_paths": [("../words.tsv", "words.tsv")],
    "DL313_tensors_that_pass_through": [
        ("from: [s, x]", "from: [p, x]"),
        ("{args: [s]}", "{args: [q]}"),
        ("from: s.0", "from: p"),
        ("[s, one", "[one"),
    ],
    "DL301_until_within_a_block": [
        ("midle_relu", "middle_relu"),
        ("stage4.next1.reshape", "stage4.next1.out"),
    ],
    "DL314_weights_that_keras_does_not_publish": [
        ("depth: 18", "depth: 50"),
        (
            "{zoo: lenet5, with: {shape: [64, 64, 3]}, weights: imagenet}",
            "{zoo: lenet5, with: {shape: [64, 64, 3]}}",
        ),
        (
            "graph: [Flatten, {Dense: 3}], weights: imagenet",
            "graph: [Flatten, {Dense: 3}], weights: own",
        ),
    ],
    "DL533_vectors_of_nothing": [
        (
            "weights: vectors.txt, name: rows",
            "weights: {file: vectors.txt, feature: title}, name: rows",
        ),
        ("vocabulary: 5000}\n    stars", "vocabulary: [none, other, good, bad]}\n    stars"),
        ("feature: wrds", "feature: words"),
        ("feature: stars", "feature: words"),
    ],
    "DL601_feature_shape": [("[28, 28, 1]", "[8, 8, 1]")],
    "DL602_no_feature_at_all": [
        ("{a: {number: a}, b: {number: b}}", "{first: {number: a}, second: {number: b}}")
    ],
    "DL602_one_feature_too_many": [(", weights: {number: c}, xs: {number: d}", "")],
    "DL601_shape_of_pairs": [("right: [8, 8]}", "right: [8, 8, 1]}")],
    "DL602_inputs_of_contexts": [("{word:", "{target:"), ("from: word", "from: target")],
    "DL602_inputs_of_triplets": [
        ("other: [2]", "negative: [2]"),
        ("positive, other", "positive, negative"),
    ],
    "DL602_inputs_of_pairs": [("{image: [8", "{left: [8"), ("[image, right]", "[left, right]")],
    "DL601_inside_the_zoo": [
        ("stem: cifar", "stem: cifar, shape: [8, 8, 1], classes: 10"),
    ],
    "DL603_ids_of_another_length": [("ids: [30]", "ids: {shape: [20], dtype: int32}")],
    "DL603_feature_dtype": [("ids: [20]", "ids: {shape: [20], dtype: int32}")],
    "DL604_missing_flatten": [("- {Dense", "- Flatten\n    - {Dense")],
    "DL604_boxes": [("Dense: 12", "Dense: 15"), ("[3, 4]", "[3, 5]")],
    "DL604_target_shape": [("Dense: 5", "Dense: 4")],
    "DL701_cron": [("0 25 * * 1", "0 3 * * 1")],
}

# Helps that no edit of this text can follow.
NO_EDIT = {
    "DL102_latin_1": "the file's bytes, not its text",
    "DL112_taken_file_is_no_model": "the file's bytes, not the spec's text",
    "DL314_extends_nothing": "the other file is the reader's own",
    "DL532_network": "the project's pyproject.toml is another file",
}
