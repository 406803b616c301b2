// What control charts say, in words: codes of the data, as in html_writer.cc.

export const variations = {
  common: 'no special cause', improvement: 'improvement', concern: 'concern',
  neutral_high: 'special cause, high', neutral_low: 'special cause, low',
  too_few: 'too few months to judge', too_equal: 'too few different values to judge',
  unstable: 'not stable enough to judge',
};
export const assurances = {
  pass: 'passes the target', fail: 'fails the target',
  inconsistent: 'passes and fails by chance', not_judged: 'not to be judged',
  no_target: 'no target',
};

// What a table shows for a code in a column that holds such codes.
export function spcWords(chart, column, value) {
  const {variation, assurance, point} = chart.options;
  if (column === point && value === 'none') return 'no value';
  if (column === variation || column === point) return variations[value] ?? value;
  return column === assurance ? assurances[value] ?? value : value;
}
