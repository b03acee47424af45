"""Mutations of what training stands on: checkpoints, the lock of a folder, progress, polynomials as nets."""

CHECKPOINT = "python/bittrue/kit/training/checkpoint.py"
LOCK = "python/bittrue/folder_lock.py"
BARS = "python/bittrue/bars.py"
NET = "python/bittrue/apps/dpd/polynomials/polynomial_net.py"
RECIPE = "python/bittrue/apps/dpd/recipe.py"
LOOP = "python/bittrue/kit/training/loop.py"
KEEPER = "python/bittrue/kit/training/keeper.py"
AVERAGING = "python/bittrue/kit/training/averaging.py"
BOUNDS = "python/bittrue/kit/bounds.py"
REGISTER = "python/bittrue/cli/application.py"

LOCKS = "tests/unit/test_folder_lock.py::"
POLYNOMIAL = "tests/apps/test_dpd_polynomial.py::"
LOOPS = "tests/unit/test_training_loop.py::"
APPLICATION = "tests/unit/test_kit_application.py::"

# fmt: off
ROWS = [
    ("trains on damaged numbers", CHECKPOINT, "if damaged := archive.testzip():", "if damaged := None:",
     "tests/unit/test_checkpoint.py::test_no_flipped_bit_is_trained_on"),
    ("goes on from another recipe", CHECKPOINT, "if now is not None and not (", "if now is None and not (",
     "tests/unit/test_checkpoint.py::test_what_others_wrote_is_refused"),
    ("lets two runs into a folder", LOCK, "    except BlockingIOError:\n        return False",
     "    except BlockingIOError:\n        return True", LOCKS + "test_a_second_process_is_refused_with_the_first_ones_name"),
    ("leaves the lock behind", LOCK, "(folder / FILE).unlink()", "(folder / FILE).exists()",
     LOCKS + "test_nothing_is_left_behind_and_the_folder_is_free_again"),
    ("speaks once", BARS, "while not over.wait(EVERY):", "if not over.wait(EVERY):",
     "tests/unit/test_bars.py::test_work_that_takes_long_says_where_it_is"),
    ("takes the elapsed time for what is left", BARS, "took * (self.total - self.done) / self.done", "took",
     "tests/unit/test_bars.py::test_a_line_says_how_long_it_takes"),
    ("leaves coefficients where they were", NET, "to_iq(coefficients[order])", "to_iq(coefficients)",
     POLYNOMIAL + "test_the_net_is_the_polynomial_whatever_the_order_of_its_terms"),
    ("drops the lag of a cross term", NET, "not in POWERS or term[2]]", "not in POWERS]",
     POLYNOMIAL + "test_terms_that_hardware_lacks_are_refused"),
    ("holds the fourth power only", NET, "peak ** len(POWERS)", "peak ** 4",
     POLYNOMIAL + "test_a_loud_signal_gets_words_that_hold_its_fifth_power"),
    ("looks for a capture where the command runs first", RECIPE,
     "(path.parent / plan.capture, Path(plan.capture))", "(Path(plan.capture), Path(plan.capture))",
     "tests/apps/test_dpd_recipe.py::test_a_capture_beside_the_recipe_is_found_wherever_the_command_runs"),
    ("does not look after the last step", LOOP, "if last or self.done", "if self.done",
     LOOPS + "test_looks_come_every_so_often_and_after_the_last_step"),
    ("goes on where nothing gets better", LOOP, " and not self.over()", "",
     LOOPS + "test_a_loop_goes_on_where_it_was_and_ends_early"),
    ("writes from every process", KEEPER, "        if self.writes:\n", "        if self.path:\n",
     LOOPS + "test_a_keeper_writes_when_it_is_time_or_told_to"),
    ("leaves the averages in the network", AVERAGING, "self.network.load_state_dict(own)", "own.clear()",
     LOOPS + "test_an_average_is_applied_for_a_while"),
    ("lets the upper bound pass", BOUNDS, "self.least <= one <= self.most", "self.least <= one",
     "tests/unit/test_kit_schema.py::test_bounds_are_those_of_the_type"),
    ("takes options of other applications", REGISTER, "if arguments.application not in owners and ", "if not owners and ",
     APPLICATION + "test_options_that_some_lack_are_marked_and_refused_to_them"),
]
# fmt: on
