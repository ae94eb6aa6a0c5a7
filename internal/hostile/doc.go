// Package hostile holds no code: its tests show what becomes of trees that somebody made
// to harm whoever checks them. Each guard is tried alone, with those before it switched
// off. docs/security.md names the tests.
package hostile
