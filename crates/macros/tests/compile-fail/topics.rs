use nova_macros::client;

#[client(dialect = Venue)]
trait Topics {
    #[channel]
    fn no_topic(&self) -> Item;

    #[channel("a.{instument}")]
    fn mistyped(&self, instrument: String) -> Item;

    #[channel("b.{instrument}")]
    fn without_parameter(&self) -> Item;

    #[channel("c")]
    fn the_same_for_all(&self, instrument: String) -> Item;

    #[channel("d.{}")]
    fn nameless(&self, instrument: String) -> Item;

    #[channel("e.{instrument")]
    fn open(&self, instrument: String) -> Item;

    #[channel("f.{instrument}", conflated)]
    fn nearly(&self, instrument: String) -> Item;

    #[channel("g.{instrument}", fresh_within = 5)]
    fn no_time(&self, instrument: String) -> Item;
}

fn main() {}
