"""The world that agents meet in: region, series, goods, land, labour, trade, and the books."""
