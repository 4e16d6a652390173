#include "cli/app.h"

int main(int argc, char** argv) { return ginnel::cli::run(argc, argv); }
