/* What a process costs by itself: the other programs of this folder cost so much more. */
int main(void) { return 0; }
