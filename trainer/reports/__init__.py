"""Figures and pictures for people: tables and contact sheets."""
