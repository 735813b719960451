"""Live curves on pyqtgraph; imported only where one is shown."""
