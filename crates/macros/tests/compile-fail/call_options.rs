use nova_macros::client;

#[client(dialect = Venue)]
trait Options {
    #[call("a", idempotant)]
    fn mistyped(&self) -> u32;

    #[call("b", retry)]
    fn unknown(&self) -> u32;

    #[call("c", deadline = "5")]
    fn without_unit(&self) -> u32;

    #[call("d", cost = 3)]
    fn cost_of_what(&self) -> u32;

    #[call("e", cost())]
    fn no_cost(&self) -> u32;

    #[call("f", deadline)]
    fn no_value(&self) -> u32;

    #[call("g", idempotent, idempotent)]
    fn twice(&self) -> u32;

    #[call("h" idempotent)]
    fn without_comma(&self) -> u32;

    #[call = "i"]
    fn not_in_parentheses(&self) -> u32;
}

fn main() {}
