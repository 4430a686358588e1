use nova_macros::Channel;

#[derive(Channel)]
#[channel(topic = "book.{instument}", item = Book, dialect = Venue)]
struct Mistyped {
    instrument: String,
}

#[derive(Channel)]
#[channel(topic = "book.{0}.{1}", item = Book, dialect = Venue)]
struct TooFew(String);

#[derive(Channel)]
#[channel(topic = "book", dialect = Venue)]
struct WithoutItem;

#[derive(Channel)]
struct WithoutAnything;

#[derive(Channel)]
#[channel(topic = "book", items = Book, dialect = Venue)]
struct Unknown;

#[derive(Channel)]
#[channel(topic = "book", item = Book, dialect = Venue)]
enum NoStruct {}

#[derive(Channel)]
#[channel(topic = "book", item = Book, dialect = Venue)]
struct Skipped {
    #[channel(leave_out)]
    other: u32,
}

fn main() {}
