//! Each run needs the values of the case.
use rstest::rstest;
use spead_inproc::{SendStream, spead_test};

struct Dish;

#[spead_test(seeds = 0..64)]
#[rstest]
#[case(Dish)]
fn t(#[case] dish: Dish, tx: SendStream) {
    drop(dish);
}
