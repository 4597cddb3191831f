// Climate
