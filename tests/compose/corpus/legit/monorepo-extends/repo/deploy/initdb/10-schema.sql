create schema shop;
