package retail_test

import (
	"testing"

	"vouchsafe/retail/retailtest"
)

func TestMain(m *testing.M) { retailtest.Main(m) }
