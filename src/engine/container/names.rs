//! Names for containers without one: an adjective and the surname of somebody who measured, sailed or computed.

const ADJECTIVES: [&str; 64] = [
    "able", "agile", "amber", "ample", "bold", "brave", "brisk", "bright", "calm", "candid", "cheerful", "clear", "clever",
    "cosy", "crisp", "curious", "daring", "deft", "eager", "early", "earnest", "easy", "fair", "famous", "fearless", "festive",
    "fleet", "fond", "frank", "fresh", "gentle", "glad", "golden", "graceful", "hardy", "hearty", "honest", "jolly", "keen",
    "kind", "lively", "loyal", "lucid", "mellow", "merry", "mild", "modest", "neat", "nimble", "noble", "patient", "placid",
    "plucky", "proud", "quick", "quiet", "serene", "sincere", "steady", "sturdy", "sunny", "tidy", "warm", "witty",
];

const SURNAMES: [&str; 96] = [
    "abel",
    "agnesi",
    "ampere",
    "banks",
    "barents",
    "beaufort",
    "bernoulli",
    "bessel",
    "boole",
    "boyle",
    "brahe",
    "cabot",
    "cantor",
    "cartier",
    "cassini",
    "cauchy",
    "celsius",
    "chatelet",
    "church",
    "clairaut",
    "cook",
    "coulomb",
    "curie",
    "dalton",
    "davis",
    "dijkstra",
    "dirac",
    "drake",
    "euclid",
    "euler",
    "faraday",
    "fermat",
    "fermi",
    "flinders",
    "foucault",
    "fourier",
    "frobisher",
    "galois",
    "gama",
    "gauss",
    "germain",
    "gibbs",
    "godel",
    "halley",
    "hamilton",
    "harrison",
    "heaviside",
    "henry",
    "herschel",
    "hertz",
    "hilbert",
    "hooke",
    "hopper",
    "hudson",
    "huygens",
    "hypatia",
    "jacobi",
    "joule",
    "kelvin",
    "kepler",
    "klein",
    "lagrange",
    "laplace",
    "leavitt",
    "leibniz",
    "lovelace",
    "magellan",
    "maxwell",
    "meitner",
    "mercator",
    "nansen",
    "napier",
    "newton",
    "noether",
    "ohm",
    "pascal",
    "peano",
    "planck",
    "poisson",
    "polo",
    "riemann",
    "ritchie",
    "ross",
    "scott",
    "shannon",
    "somerville",
    "tasman",
    "tesla",
    "thompson",
    "turing",
    "vespucci",
    "volta",
    "wallis",
    "watt",
    "weyl",
    "zuse",
];

/// Makes a name from random bytes; there are 6144.
pub(super) fn from_random(bytes: [u8; 2]) -> String {
    let adjective = ADJECTIVES[usize::from(bytes[0]) % ADJECTIVES.len()];
    let surname = SURNAMES[usize::from(bytes[1]) % SURNAMES.len()];
    format!("{adjective}_{surname}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_valid() {
        for a in 0..=u8::MAX {
            assert!(crate::model::id::is_valid_name(&from_random([a, a])));
        }
    }
}
