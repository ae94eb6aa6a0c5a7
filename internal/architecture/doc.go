// Package architecture holds no code, only tests about the repository as a whole.
//
// The first keeps imports going down the list of packages. Data flows one way
// through egresslint: files are parsed into resources, resources are built into a
// model, the model is traced and judged, findings are filtered and reported. A
// stage that imported a later one would turn that line into a knot, and parser
// and policies could no longer be used without the rest.
//
// The others keep texts that no compiler reads equal to what they tell of.
package architecture
