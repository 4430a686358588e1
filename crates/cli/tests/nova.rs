//! The program itself: started as anybody starts it, against peers on the loopback interface.

mod nova {
    mod connect;
    mod demo;
    mod process;
}
