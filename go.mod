module github.com/egresslint/egresslint

go 1.26.0
