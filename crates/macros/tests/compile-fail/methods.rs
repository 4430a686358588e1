use nova_macros::client;

#[client(dialect = Venue)]
trait Methods {
    #[call]
    fn no_reply(&self);

    fn neither_call_nor_channel(&self) -> u32;

    #[call]
    #[channel("a")]
    fn both(&self) -> u32;

    #[call]
    fn without_self(amount: u32) -> u32;

    #[call]
    async fn asynchronous(&self) -> u32;

    #[call]
    fn borrowed(&self, name: &str) -> u32;

    #[call]
    fn with_body(&self) -> u32 {
        7
    }

    #[call]
    fn generic<T>(&self, name: T) -> u32;

    #[call]
    fn ping(&self) -> u32;

    #[call]
    fn clock(&self) -> Clock;

    #[call]
    #[inline]
    fn stray(&self) -> u32;

    #[call]
    fn parameters(&self, #[param("a")] one: u32, #[param("a")] two: u32) -> u32;

    #[call]
    fn whole(&self, #[param(whole)] one: Order, two: u32) -> u32;

    #[call]
    fn parameter_option(&self, #[param(hole)] one: Order) -> u32;
}

fn main() {}
