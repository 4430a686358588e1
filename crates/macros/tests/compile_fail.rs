//! What must not compile does not, and the error stands where the mistake is and says what to do.
//!
//! These mistakes are found before any other crate of ours is named, so none is needed here. After a
//! change of wording, `TRYBUILD=overwrite cargo test -p nova-macros --test compile_fail` writes the
//! texts anew.

#[test]
fn a_mistake_is_shown_where_it_is_with_a_way_out() {
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
