// SPDX-License-Identifier: Apache-2.0
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css';
import './form.css';
export { Form } from '@bpmn-io/form-js-viewer';
