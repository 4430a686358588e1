//! What must not compile does not, and the compiler says why in words of the matter.
//!
//! After a change of wording, `TRYBUILD=overwrite cargo test -p nova-client --test compile_fail`
//! writes the texts anew.

#[test]
fn misuse_is_refused_by_the_compiler_with_a_readable_reason() {
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
