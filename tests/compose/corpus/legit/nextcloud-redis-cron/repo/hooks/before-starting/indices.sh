#!/bin/sh
php occ db:add-missing-indices
