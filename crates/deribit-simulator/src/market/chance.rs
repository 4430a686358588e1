//! Chance: everything is drawn from generators that are seeded by one number and a name.

use fastrand::Rng;

/// A generator of its own for whatever bears this name, so that one more instrument does not change
/// what happens to the others.
pub(crate) fn generator(seed: u64, name: &str) -> Rng {
    // FNV-1a: a stable hash, unlike the standard library's.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    Rng::with_seed(hash)
}

/// A draw from the standard normal distribution (Box and Muller).
pub(crate) fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * positive(rng).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

/// A draw from the exponential distribution with mean one.
pub(crate) fn exponential(rng: &mut Rng) -> f64 {
    -positive(rng).ln()
}

/// Microseconds until the next event of a Poisson process. `None` if there is none.
pub(crate) fn wait_us(rng: &mut Rng, per_s: f64) -> Option<u64> {
    let is_rate = per_s > 0.0 && per_s.is_finite();
    is_rate.then(|| (exponential(rng) / per_s * 1e6) as u64 + 1)
}

/// Uniform over (0, 1].
fn positive(rng: &mut Rng) -> f64 {
    1.0 - rng.f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_have_the_mean_of_their_rate() {
        let mut rng = generator(1, "waits");
        let total: u64 = (0..20_000).filter_map(|_| wait_us(&mut rng, 40.0)).sum();
        let mean = total as f64 / 20_000.0;
        assert!((24_000.0..26_000.0).contains(&mean), "{mean}");
        assert_eq!(wait_us(&mut rng, 0.0), None);
    }

    #[test]
    fn names_have_generators_of_their_own() {
        assert_ne!(generator(1, "a").u64(..), generator(1, "b").u64(..));
        assert_ne!(generator(1, "a").u64(..), generator(2, "a").u64(..));
    }
}
