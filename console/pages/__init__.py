"""The console's pages, one module for each part of it; each adds its routes through console.door."""
