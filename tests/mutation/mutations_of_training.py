"""Mutations of what training stands on: checkpoints, the lock of a folder, progress, polynomials as nets."""

CHECKPOINT = "python/bittrue/kit/training/checkpoint.py"
LOCK = "python/bittrue/folder_lock.py"
NET = "python/bittrue/apps/dpd/polynomials/polynomial_net.py"
RECIPE = "python/bittrue/apps/dpd/recipe.py"
LOOP = "python/bittrue/kit/training/loop.py"
KEEPER = "python/bittrue/kit/training/keeper.py"
BOUNDS = "python/bittrue/kit/bounds.py"
REGISTER = "python/bittrue/cli/application.py"

LEVENBERG = "python/bittrue/apps/dpd/training/levenberg.py"
SENSITIVITY = "python/bittrue/apps/dpd/training/sensitivity.py"
STEPS = "tests/apps/test_dpd_levenberg.py::"
FELT = "tests/apps/test_dpd_sensitivity.py::"

LOCKS = "tests/unit/test_folder_lock.py::"
POLYNOMIAL = "tests/apps/test_dpd_polynomial.py::"
LOOPS = "tests/unit/test_training_loop.py::"
APPLICATION = "tests/unit/test_kit_application.py::"

# fmt: off
ROWS = [
    ("trains on damaged numbers", CHECKPOINT, "_check_archive", "archive.testzip()", "None",
     "tests/unit/test_checkpoint.py::test_no_flipped_bit_is_trained_on"),
    ("lets two runs into a folder", LOCK, "_asked", "return False", "return True",
     LOCKS + "test_a_second_process_is_refused_with_the_first_ones_name"),
    ("leaves coefficients where they were", NET, "net_of", "coefficients[order]", "coefficients",
     POLYNOMIAL + "test_the_net_is_the_polynomial_whatever_the_order_of_its_terms"),
    ("writes from every process", KEEPER, "Keeper.save", "self.writes", "self.path",
     LOOPS + "test_a_keeper_writes_when_it_is_time_or_told_to"),
    ("lets the upper bound pass", BOUNDS, "Within.check",
     "self.least <= one <= self.most", "self.least <= one",
     "tests/unit/test_kit_schema.py::test_bounds_are_those_of_the_type"),
    ("takes options of other applications", REGISTER, "run", "arguments.application not in owners", "not owners",
     APPLICATION + "test_options_that_some_lack_are_marked_and_refused_to_them"),
    ("forgets where a step began", LEVENBERG, "LevenbergMarquardt._remember", "gradient + normal @ own", "gradient",
     STEPS + "test_a_memory_solves_the_rows_of_all_steps"),
    ("turns the sensitivity round", SENSITIVITY, "felt", "nij,nj...->ni...", "nji,nj...->ni...",
     FELT + "test_errors_of_the_drive_become_those_of_the_output"),
]
HEAVY = [
    ("remembers all steps alike", LEVENBERG, "LevenbergMarquardt._remember", "self.memory * value", "1.0 * value",
     STEPS + "test_a_memory_solves_the_rows_of_all_steps"),
    ("hears a cut", SENSITIVITY, "derivatives", "torch.stack(rows, 2)[:, MARGIN : MARGIN + WINDOW]",
     "torch.stack(rows, 2)[:, :WINDOW]",
     FELT + "test_cuts_leave_no_trace"),
    ("prunes by the rows of one step", "python/bittrue/apps/dpd/training/trainer.py", "Trainer._follow",
     'state["optimiser"] = ended["optimiser"]', "pass",
     "tests/apps/test_dpd_sparse.py::test_a_round_goes_on_with_what_the_stage_before_it_remembers"),
    ("goes on from another recipe", CHECKPOINT, "resume", "now is not None", "now is None",
     "tests/unit/test_checkpoint.py::test_what_others_wrote_is_refused"),
    ("looks for a capture where the command runs first", RECIPE, "placed", "path.parent / plan.capture",
     "Path(plan.capture)",
     "tests/apps/test_dpd_recipe.py::test_a_capture_beside_the_recipe_is_found_wherever_the_command_runs"),
    ("does not look after the last step", LOOP, "TrainingLoop.run",
     "last or self.done % self.every == 0", "self.done % self.every == 0",
     LOOPS + "test_looks_come_every_so_often_and_after_the_last_step"),
    ("goes on where nothing gets better", LOOP, "TrainingLoop.run",
     "self.done < self.total and not self.over()", "self.done < self.total",
     LOOPS + "test_a_loop_goes_on_where_it_was_and_ends_early"),
]
# fmt: on
