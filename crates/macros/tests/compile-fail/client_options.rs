use nova_macros::client;

#[client(dialekt = Venue)]
trait Mistyped {}

#[client]
trait WithoutDialect {}

#[client(dialect = Venue, dialect = Venue)]
trait Twice {}

#[client(dialect = Venue)]
struct NoTrait;

#[client(dialect = Venue)]
trait Generic<T>: Send {
    type Item;
}

fn main() {}
