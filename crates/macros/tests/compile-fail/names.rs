use nova_macros::client;

#[client(dialect = Venue)]
trait Names {
    #[call("order")]
    fn buy(&self, amount: u32) -> Accepted;

    #[call("order")]
    fn sell(&self, amount: u32) -> Accepted;

    #[channel("book.{instrument}", conflatable)]
    fn book(&self, instrument: String) -> Level;

    #[channel("book.{currency}")]
    fn books(&self, currency: String) -> Levels;

    #[channel("window.{instrument}")]
    fn window(&self, instrument: String) -> Level;

    #[call("other", type = Buy)]
    fn other(&self) -> u32;
}

fn main() {}
