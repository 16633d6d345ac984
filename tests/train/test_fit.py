"""Training: what a batch holds, what is held out, and that the same seed gives the same network."""

from dataclasses import replace

import numpy as np
import pytest

from device.pixels import canvas
from train import feed, fit
from train.recipe import final


def test_the_last_digits_are_held_out(small, quick):
    part, held_out = fit.split(small.train, quick)
    assert (len(part), len(held_out)) == (1000, 500)
    assert np.array_equal(held_out.images, small.train.images[1000:])


def test_the_final_recipe_holds_nothing_out_and_changes_nothing_else(small, quick):
    everything = final(quick)
    assert fit.split(small.train, everything) == (small.train, None)
    assert replace(everything, validation=quick.validation) == quick


def test_an_epoch_shows_every_digit_once(small, quick):
    plain = replace(quick, warped=0, batch=64)
    batch = feed.batches(small.train[:1000], plain)
    shown = np.concatenate([batch(i)[0] for i in range(16)])[..., 0].astype(np.uint8)
    assert sorted(map(bytes, shown)) == sorted(map(bytes, canvas(small.train.images[:1000])))


def test_each_epoch_has_an_order_and_distortions_of_its_own(small, quick):
    batch = feed.batches(small.train[:1000], quick)
    steps = 1000 // quick.batch
    assert not np.array_equal(batch(0)[1], batch(steps)[1])
    whole_first, whole_second = (feed.batches(small.train[:100], quick)(i)[0].sum() for i in (0, 1))
    assert whole_first != whole_second


def test_a_batch_depends_on_its_number_alone(small, quick):
    first, second = (feed.batches(small.train, quick) for _ in range(2))
    second(0)
    for ours, theirs in zip(first(3), second(3), strict=True):
        assert np.array_equal(ours, theirs)


def test_the_first_batch_can_be_looked_at(small, quick):
    pixels, labels = feed.batches(small.train, quick)(0)
    first = feed.first_batch(small.train, quick)
    assert np.array_equal(first.pixels, pixels[..., 0])
    assert np.array_equal(first.labels, labels)


def test_pixels_are_fed_as_the_device_has_them(small, quick):
    pixels, labels = feed.batches(small.train, quick)(0)
    assert (pixels.shape, pixels.dtype) == ((quick.batch, 32, 32, 1), np.float32)
    assert (pixels.min(), labels.dtype) == (0, np.int64)
    assert 200 < pixels.max() <= 255


def test_fewer_digits_are_distorted_in_the_last_epochs(small, quick):
    recipe = replace(quick, epochs=2, calm_epochs=1, warped=1.0, calm_warped=0.0, batch=500)
    batch = feed.batches(small.train[:500], recipe)
    plain = set(map(bytes, canvas(small.train.images[:500])))

    def untouched(index):
        return sum(bytes(one) in plain for one in batch(index)[0][..., 0].astype(np.uint8))

    assert untouched(0) == 0
    assert untouched(1) == 500


@pytest.mark.slow
def test_the_same_seed_gives_the_same_network_and_another_seed_another(small, quick, tmp_path):
    def weights(seed):
        model, _ = fit.train(
            replace(quick, seed=seed, epochs=1), *fit.split(small.train, quick), tmp_path / "best.keras"
        )
        return np.concatenate([one.ravel() for one in model.get_weights()])

    first = weights(1)
    assert np.array_equal(first, weights(1))
    assert not np.array_equal(first, weights(2))


@pytest.mark.slow
def test_training_stops_early_and_gives_back_the_best_epoch(small, quick, tmp_path):
    # So large a step that one of the early epochs is soon the best for a while.
    recipe = replace(quick, rate=0.03, epochs=15, patience=2)
    model, history = fit.train(recipe, *fit.split(small.train, recipe), tmp_path / "best.keras")
    assert len(history["loss"]) < 15
    held_out = fit.split(small.train, recipe)[1]
    pixels = canvas(held_out.images)[..., None].astype(np.float32)
    loss, _ = model.evaluate(pixels, held_out.labels, verbose=0)
    assert loss == pytest.approx(min(history["val_loss"]), rel=1e-6)
    assert (tmp_path / "best.keras").is_file()


def test_the_progress_goes_to_stderr(small, quick, tmp_path, capsys):
    fit.train(replace(quick, epochs=1), *fit.split(small.train[:600], quick), tmp_path / "best.keras")
    out, err = capsys.readouterr()
    assert out == ""
    assert "val_accuracy" in err
